// The way in: a manager's key.

import { ask, keep } from './api.js';
import { fill, h, newId } from './dom.js';
import { button, form, notice } from './parts.js';
import { waitRegion } from './told.js';
import { words } from './words.js';

const text = words.signIn;

export function signInView(reason, done) {
	const [id, hint, wrong] = [newId(), newId(), newId()];
	const slot = h('div', { id: wrong });
	const input = h('input', { id, type: 'password', autocomplete: 'off', required: true, 'aria-describedby': `${wrong} ${hint}` });
	const submit = button(text.action, null, 'primary');

	function refuse(sentence) {
		fill(slot, h('p.notice.bad', { role: 'alert' }, sentence));
		input.ariaInvalid = 'true';
		input.select();
	}

	async function signIn() {
		const value = input.value.trim();
		fill(slot);
		input.ariaInvalid = null;
		if (!value) return refuse(text.empty);
		// A header takes nothing else.
		if (!/^[!-~]+$/.test(value)) return refuse(text.notLive);
		try {
			const key = await ask(value, '/self');
			if (!key.operations.includes('AUTHENTICATION')) return refuse(text.notManager);
			keep(key, value, await ask(value, '/account'));
			done();
		} catch (problem) {
			if (problem.status === 401) refuse(text.notLive);
			else if (problem.status === 403 && problem.code !== 'FORBIDDEN') refuse(text.wrongAddress);
			else fill(slot, notice(problem));
		}
	}

	document.title = words.product;
	setTimeout(() => input.focus());
	return h('main.gate',
		h('h1', text.title),
		reason && h('p.notice', { role: 'status' }, text.ended[reason]),
		form('', submit, signIn,
			h('label', { for: id }, text.label), input, h('p.hint', { id: hint }, text.hint), slot, h('div.actions', submit), waitRegion()));
}
