// What is asked before a key is changed.

import { isSelf, keep } from './api.js';
import { ask } from './dialogs.js';
import { field } from './fields.js';
import { atTime, fill, h, lastUse, nameOf, offer, oldUse, userOf } from './parts.js';
import { change, tellDone } from './told.js';
import { issue, showValue } from './value.js';
import { words } from './words.js';

const USUAL_SECONDS = 3600;
const TYPED = 6;

/** Warns who is signed in with the key. */
export function askAbout(key, act, /** @type {any} */ { about, ...question }) {
	const { action, title = action, consequence, self } = words[act];
	ask({
		title: words.question(title, nameOf(key)),
		about: [consequence && h('p', consequence), about, self && isSelf(key.id) && h('p.notice.warn', self)],
		action,
		...question,
	});
}

/** `done` gets the key if it is known. */
export function rotateDialog(key, done, onThis) {
	const text = words.rotate;
	const leaked = key.status === 'EXPOSED';
	const isOwn = isSelf(key.id);
	const consequence = h('div', { 'aria-live': 'polite' });
	const choice = offer(h('select', { change: () => explain() }), text.grace);
	const older = key.previousValueValidUntil;
	const unseen = h('input', { type: 'checkbox', change: () => explain() });
	const fields = h('fieldset.stack',
		leaked ? h('p', text.leaked) : h('label.pick', text.legend, choice),
		older && h('label.choice', unseen, text.unseen),
		consequence);
	const grace = () => Number(choice.value);
	function explain() {
		choice.disabled = unseen.checked;
		const isAtOnce = unseen.checked || !grace();
		fill(consequence,
			h('p', isAtOnce ? text.atOnce : text.until(atTime(Date.now() + grace() * 1000)), isAtOnce && isOwn && h('strong', text.selfAtOnce)),
			older && h('p', text.older(atTime(older), unseen.checked)));
	}

	choice.value = leaked ? 0 : USUAL_SECONDS;
	explain();
	askAbout(key, 'rotate', {
		about: [lastUse(key), older && oldUse(key)],
		fields,
		kind: 'primary',
		perform: onThis(async (slot, close) => {
			const leave = () => {
				close();
				done();
			};
			const inDoubt = isOwn ? { reason: 'lost' } : { doubt: [nameOf(key), ` (${key.id})`] };
			const body = unseen.checked ? { keepPrevious: true } : { gracePeriodSeconds: grace() };
			const { value, release, ...rotated } = await issue(`/${key.id}/rotate`, body, slot, fields, leave, { etag: key.etag, ...inDoubt });
			if (isOwn) keep(rotated, value);
			showValue(text.done(nameOf(key)), { ...rotated, value, release }, () => done(rotated));
		}),
	});
}

export function deleteDialog(key, done) {
	const text = words.delete;
	const expected = key.id.slice(-TYPED);
	const input = h('input', { autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false' });
	const end = field('end', { input, required: true, read: () => input.value.trim(), part: () => ({ label: text.this }) });
	askAbout(key, 'delete', {
		about: [
			h('p', userOf(key), h('code.sub', key.id.slice(0, -TYPED), h('strong', expected))),
			lastUse(key),
			key.operations.includes('AUTHENTICATION') && h('p', text.manager),
		],
		fields: end.element,
		perform: async () => {
			if (end.tell(end.read() === expected ? [] : [{ field: 'end', message: text.other(expected) }])) {
				end.focus();
				return false;
			}
			await change(key, 'delete', 'DELETE', {});
			done();
			tellDone(key, 'delete');
		},
	});
}
