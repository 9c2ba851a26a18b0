// Only their buttons, Escape and the end of their view close dialogs.

import { button, fill, form, h, newId, notice } from './parts.js';
import { mayLeave, onLeave } from './scope.js';
import { sayWaiting, waitRegion } from './told.js';
import { words } from './words.js';

// What cancels each, the one on top last.
const open = new Set();

// A browser closes a dialog at the second Escape, and a key held down answers the next, too.
addEventListener('keydown', (event) => {
	if (event.key !== 'Escape' || event.isComposing || open.size === 0) return;
	event.preventDefault();
	if (!event.repeat) [...open].at(-1)();
});

/** Escape calls `cancel`. Gives what closes it. */
export function openDialog(title, cancel, about, ...content) {
	const [titleId, aboutId] = [newId(), newId()];
	const dialog = h('dialog', {
		closedby: 'none',
		'aria-labelledby': titleId,
		'aria-describedby': aboutId,
		close: () => dialog.isConnected && dialog.showModal(),
	}, h('h2', { id: titleId }, title), h('div.stack', { id: aboutId }, about), content, waitRegion());
	const close = () => {
		open.delete(cancel);
		forget();
		// Closing gives the focus back.
		dialog.close();
		dialog.remove();
	};
	open.add(cancel);
	document.body.append(dialog);
	dialog.showModal();
	const forget = onLeave(close);
	return close;
}

/** The first field, or Cancel, has the focus. */
export function ask(/** @type {Question} */ { title, about, fields, action, kind = 'primary danger', perform, instead }) {
	const slot = h('div');
	const submit = button(action, null, kind);
	function cancel() {
		if (submit.ariaDisabled) return mayLeave(() => {}) && sayWaiting(words.wait);
		close();
		instead?.();
	}
	const work = async () => {
		fill(slot);
		try {
			if ((await perform(slot, close)) !== false) close();
		} catch (problem) {
			fill(slot, notice(problem));
		}
	};
	const actions = h('div.actions', button(words.cancel, cancel), submit);
	const close = openDialog(title, cancel, about, form('', submit, work, fields, slot, actions));
}

export const confirmed = (/** @type {any} */ question) =>
	new Promise((resolve) => ask({ ...question, perform: async () => resolve(true), instead: () => resolve(false) }));
