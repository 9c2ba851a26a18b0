// What would shut out the signed-in key.

import { confirmed } from './dialogs.js';
import { h } from './dom.js';
import { changeList } from './parts.js';
import { words } from './words.js';

const text = words.ownKey;

/** Whether its changes are to be made, which is asked if they would shut it out. */
export function mayChange(signal, /** @type {Key} */ key, { operations, allowedIps, expiresAt }) {
	const lost = Object.entries({
		operations: operations && !operations.includes('AUTHENTICATION') && { from: key.operations, to: operations },
		expiresAt: expiresAt && !(key.expiresAt && key.expiresAt <= expiresAt) && { from: key.expiresAt ?? words.never, to: expiresAt },
		// The page does not know from which address its next request comes.
		allowedIps: allowedIps && { from: key.allowedIps ?? words.anywhere, to: allowedIps },
	}).filter(([, change]) => change);
	return lost.length === 0 || confirmed(signal, {
		title: text.title,
		about: [
			changeList(lost.map(([field, change]) => ({ field, ...change }))),
			h('p', [text.yours, ...lost.map(([field]) => text[field]), text.help].join(' ')),
		],
		action: text.action,
	});
}
