// The end of a key.

import { endSession, isSelf } from './api.js';
import { ask } from './dialogs.js';
import { fill, h, newId } from './dom.js';
import { lastUse, nameOf, userOf } from './parts.js';
import { change, tellDone } from './told.js';
import { words } from './words.js';

const text = words.delete;
const TYPED = 6;

/** `gone` is called when the key is, and `done` if its view is still there. */
export function deleteDialog(signal, key, gone, done) {
	const [id, wrong] = [newId(), newId()];
	const expected = key.id.slice(-TYPED);
	const complaint = h('p.wrong', { id: wrong, role: 'alert' });
	const input = h('input', {
		id, autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false', required: true, 'aria-describedby': wrong,
	});
	ask(signal, {
		title: words.question(text.action, nameOf(key)),
		about: [
			h('p', userOf(key), h('code.sub', key.id.slice(0, -TYPED), h('strong', expected))),
			h('p', text.consequence),
			lastUse(key),
			key.operations.includes('AUTHENTICATION') && h('p', text.manager),
			isSelf(key.id) && h('p.notice.warn', text.self),
		],
		fields: h('div.field', h('label', { for: id }, text.type), input, complaint),
		action: text.action,
		perform: async () => {
			if (input.value.trim() !== expected) {
				fill(complaint, text.other(expected));
				input.ariaInvalid = 'true';
				input.focus();
				return false;
			}
			fill(complaint);
			input.ariaInvalid = null;
			const over = () => (isSelf(key.id) ? endSession('deleted') : gone());
			try {
				await change(signal, key, 'delete', 'DELETE', {}, over);
			} catch (problem) {
				if (problem.status !== 404) throw problem;
				over();
			}
			if (signal.aborted) return;
			done();
			tellDone(key, 'delete');
		},
	});
}
