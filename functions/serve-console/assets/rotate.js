// Another value for a key.

import { isSelf, keep } from './api.js';
import { ask } from './dialogs.js';
import { fill, h } from './dom.js';
import { atTime } from './format.js';
import { issue } from './issue.js';
import { lastUse, nameOf, offer } from './parts.js';
import { showValue } from './value.js';
import { words } from './words.js';

const text = words.rotate;
const USUAL_SECONDS = 3600;

/** `done` gets the key if it is known. */
export function rotateDialog(signal, key, done, onThis) {
	const leaked = key.status === 'EXPOSED';
	const consequence = h('p', { 'aria-live': 'polite' });
	const choice = offer(h('select', { change: () => explain()}), text.grace);
	const fields = h('fieldset', leaked ? h('p', text.leaked) : h('label.pick', text.legend, choice), consequence);
	const grace = () => Number(choice.value);
	const explain = () => fill(consequence,
		grace() ? text.until(atTime(Date.now() + grace() * 1000)) : text.atOnce,
		!grace() && isSelf(key.id) && h('strong', text.selfAtOnce));

	choice.value = leaked ? 0 : USUAL_SECONDS;
	explain();
	ask(signal, {
		title: words.question(text.action, nameOf(key)),
		about: lastUse(key),
		fields,
		action: text.action,
		kind: 'primary',
		perform: onThis(async (slot, close) => {
			const leave = () => {
				close();
				done();
			};
			const options = { etag: key.etag, ...(isSelf(key.id) && { reason: 'lost' }) };
			const { value, release, ...rotated } = await issue(
				signal, `/${key.id}/rotate`, { gracePeriodSeconds: grace() }, slot, fields, leave, options);
			if (isSelf(key.id)) keep(rotated, value);
			showValue(signal, text.done(nameOf(key)), { value, release }, () => done(rotated));
		}),
	});
}
