// What would shut out the signed-in key.

import { call } from './api.js';
import { confirmed } from './dialogs.js';
import { h } from './dom.js';
import { changeList } from './parts.js';
import { words } from './words.js';

const text = words.ownKey;

const bits = (part, base, width) => Number.parseInt(part || '0', base).toString(2).padStart(width, '0');

function bitsOf(address) {
	if (!address.includes(':')) return address.split('.').map((part) => bits(part, 10, 8)).join('');
	const whole = address.replace(/^::/, '0::').replace(/::$/, '::0');
	// As many groups of zeros as there is room for.
	const zeros = ':'.repeat(Math.max(9 - whole.split(':').length, 0));
	return whole.replace('::', `:${zeros}`).split(':').map((part) => bits(part, 16, 16)).join('');
}

function covers(range, address) {
	const [base, length] = range.split('/');
	const [wanted, given] = [bitsOf(base), bitsOf(address)];
	return wanted.length === given.length && given.startsWith(wanted.slice(0, length ?? wanted.length));
}

/** Whether its changes are to be made, which is asked if they would shut it out. */
export async function mayChange(signal, /** @type {Key} */ key, { operations, allowedIps, expiresAt }) {
	const lost = /** @type {any[]} */ ([]);
	const sentences = [text.yours];
	function lose(field, from, to, sentence) {
		lost.push({ field, from, to });
		sentences.push(sentence);
	}
	if (operations && !operations.includes('AUTHENTICATION')) lose('operations', key.operations, operations, text.operations);
	if (expiresAt && !(key.expiresAt && key.expiresAt <= expiresAt)) lose('expiresAt', key.expiresAt ?? words.never, expiresAt, text.expiresAt);
	if (allowedIps) {
		// The page does not know its own address. Events do, if the key has changed something.
		const { events } = await call('GET', `/events?actorKeyId=${key.id}&limit=1`, { signal });
		const address = events[0]?.sourceIp;
		if (!address || !allowedIps.some((range) => covers(range, address))) lose('allowedIps', key.allowedIps ?? words.anywhere, allowedIps, text.allowedIps(address));
	}
	return lost.length === 0 || confirmed(signal, {
		title: text.title,
		about: [changeList(lost), h('p', [...sentences, text.help].join(' '))],
		action: text.action,
	});
}
