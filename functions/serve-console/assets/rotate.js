// Another value for a key.

import { call, isSelf, keep } from './api.js';
import { fill, h } from './dom.js';
import { atTime } from './format.js';
import { ask, hold, lastUse, nameOf, offer } from './parts.js';
import { showValue } from './value.js';
import { words } from './words.js';

const text = words.rotate;
const USUAL_SECONDS = 3600;

/** Asks how long the old value may live, rotates, shows the new one; `done` gets the key as it is then. */
export function rotateDialog(/** @type {Key} */ key, done) {
	const leaked = key.status === 'EXPOSED';
	const consequence = h('p', { 'aria-live': 'polite' });
	const choice = offer(h('select', { change: () => explain() }), text.grace);
	const grace = () => Number(choice.value);
	const explain = () => fill(consequence, grace() ? text.until(atTime(Date.now() + grace() * 1000)) : text.atOnce);

	async function perform() {
		const release = hold();
		try {
			const { value, ...rotated } = await call('POST', `/${key.id}/rotate`, { body: { gracePeriodSeconds: grace() } });
			release();
			if (isSelf(key.id)) keep(rotated, value);
			showValue(text.done(nameOf(key)), value, () => done(rotated));
		} catch (problem) {
			release();
			if (problem.undecided) problem.advice = text.lost;
			throw problem;
		}
	}

	choice.value = leaked ? 0 : USUAL_SECONDS;
	explain();
	ask({
		title: text.title(nameOf(key)),
		content: [
			lastUse(key),
			leaked ? h('p', text.leaked) : h('label.pick', text.legend, choice),
			consequence,
		],
		action: text.action,
		kind: 'primary',
		perform,
	});
}
