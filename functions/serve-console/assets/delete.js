// The end of a key.

import { call, endSession, isSelf } from './api.js';
import { fill, h, newId } from './dom.js';
import { ask, lastUse, nameOf } from './parts.js';
import { words } from './words.js';

const text = words.delete;

/** Asks for the key's name, and deletes; `done` is called when the key is gone. */
export function deleteDialog(/** @type {Key} */ key, done) {
	const expected = (key.name || key.id).trim();
	const id = newId();
	const input = h('input', { id, autocomplete: 'off' });
	const complaint = h('p.wrong', { role: 'alert' });
	ask({
		title: text.title(nameOf(key)),
		content: [
			h('p', text.consequence),
			lastUse(key),
			key.operations.includes('AUTHENTICATION') && h('p', text.manager),
			isSelf(key.id) && h('p.notice.warn', text.self),
			h('div.field', h('label', { for: id }, text.type, h('code', expected)), input, complaint),
		],
		action: text.action,
		kind: 'danger',
		complain: () => {
			const other = input.value.trim().normalize() !== expected.normalize();
			fill(complaint, other && text.other);
			input.ariaInvalid = String(other);
			if (other) input.focus();
			return other;
		},
		perform: async () => {
			try {
				await call('DELETE', `/${key.id}`);
			} catch (problem) {
				// Somebody was faster, or an earlier answer was lost: gone is gone.
				if (problem.status !== 404) throw problem;
			}
			if (isSelf(key.id)) endSession('deleted');
			else done();
		},
	});
}
