// A key's value, this one time.

import { apiUrl } from './api.js';
import { openDialog } from './dialogs.js';
import { fill, h } from './dom.js';
import { button } from './parts.js';
import { hold } from './scope.js';
import { words } from './words.js';

const text = words.value;

export function showValue(signal, title, { value, release }, done) {
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
	const end = () => {
		letGo();
		close();
		done();
		release();
	};
	const leave = () => {
		if (copied) return end();
		warning.hidden = false;
		back.focus();
	};
	const warning = h('div.notice.warn', { role: 'alert', hidden: true },
		h('p', text.leaving), h('div.actions', back, button(text.leave, end, 'danger')));
	const letGo = hold(signal, leave);
	const close = openDialog(signal, title, leave,
		h('p', text.intro, h('strong', text.once)),
		secret,
		h('div.line', copy, state),
		h('p.hint', text.use),
		h('pre', text.example(apiUrl())),
		warning,
		h('div.actions', button(text.done, leave)));
}
