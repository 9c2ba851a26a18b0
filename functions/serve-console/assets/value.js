// A key's value, this one time.

import { apiUrl } from './api.js';
import { fill, h } from './dom.js';
import { button, hold, openDialog } from './parts.js';
import { words } from './words.js';

const text = words.value;

/** Shows a value until somebody says that it was kept, then goes on with `done`. */
export function showValue(title, value, done) {
	let copied = false;
	const secret = h('textarea.secret', { value, readonly: true, 'aria-label': text.label });
	const state = h('p', { role: 'status' });
	const copy = button(text.copy, async () => {
		try {
			await navigator.clipboard.writeText(value);
			copied = true;
			warning.hidden = true;
		} catch {
			secret.select();
		}
		state.className = copied ? 'good' : 'wrong';
		fill(state, copied ? text.copied : text.notCopied);
	}, 'primary', { autofocus: true });
	const back = button(text.back, () => {
		warning.hidden = true;
		copy.focus();
	});
	const close = () => {
		release();
		dialog.close();
		done();
	};
	const leave = () => {
		if (copied) return close();
		warning.hidden = false;
		back.focus();
	};
	const warning = h('div.notice.warn', { role: 'alert', hidden: true },
		h('p', text.leaving), h('div.actions', back, button(text.leave, close, 'danger')));
	const release = hold(leave);
	const dialog = openDialog(title, leave,
		h('p', text.intro, h('strong', text.once)),
		secret,
		h('div.line', copy, state),
		h('p.hint', text.use),
		h('pre', text.example(apiUrl())),
		warning,
		h('div.actions', button(text.done, leave)));
}
