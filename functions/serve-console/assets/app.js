// The page: sign-in, the frame, and the view that an address names.

import { account, ask, endSession, keep, onSessionEnd, self } from './api.js';
import { eventsView } from './events.js';
import { createView, editView } from './key-form.js';
import { keyView } from './key.js';
import { forgetKeys, keysView } from './keys.js';
import { bdi, button, fill, form, h, nameOf, newId, notice } from './parts.js';
import { begin, end, mayLeave } from './scope.js';
import { forgetOld, toldRegion, waitRegion } from './told.js';
import { patterns, usageView } from './usage.js';
import { words } from './words.js';

const VIEWS = { '': keysView, new: createView, key: keyView, edit: editView, events: eventsView, usage: usageView };

const who = h('p.hint.end');

function showView(address) {
	// An id goes into paths, and a value may not.
	const found = /^(?:#\/(events|usage|new|(?:key|edit)(?=\/))?(?:\/(\w{22}))?)?$/.exec(address);
	if (!found) history.replaceState(history.state, '', '#/');
	const [, name = '', id] = found ?? [];
	fill(who, bdi(self().username), ' · ', nameOf(self()));
	forgetOld();
	scrollTo(0, 0);
	fill(document.querySelector('main'), VIEWS[name](id));
	document.querySelectorAll('nav a').forEach((/** @type {any} */ link) => (link.ariaCurrent = link.hash === `#/${name}` ? 'page' : null));
}

function showFrame() {
	const signOut = () => endSession('left');
	fill(document.body,
		h('header',
			h('strong', bdi(account().company)),
			account().externalId && h('bdi.hint', account().externalId),
			h('nav', { 'aria-label': words.nav }, words.views.map(([href, text]) => h('a', { href }, text))),
			who,
			h('button.quiet', { click: () => mayLeave(signOut) && signOut() }, words.signOut)),
		toldRegion(),
		h('main'),
		waitRegion(),
		patterns());
	begin(showView);
}

function showSignIn(reason = '', doubt = null) {
	const text = words.signIn;
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
			showFrame();
		} catch (problem) {
			if (problem.status === 401) refuse(text.notLive);
			else if (problem.code === 'OPERATION') refuse(text.notManager);
			// Any live key may look itself up, from where it may be used.
			else if (problem.status === 403 && problem.code && problem.code !== 'FORBIDDEN') refuse(text.wrongAddress);
			else fill(slot, notice(problem));
		}
	}

	document.title = words.product;
	setTimeout(() => input.focus());
	fill(document.body, h('main.gate',
		h('h1', text.title),
		reason && h('div.notice', { role: 'status' }, h('p', text.ended[reason]), doubt && h('p', text.doubt(doubt))),
		form('', submit, signIn,
			h('label', { for: id }, text.label), input, h('p.hint', { id: hint }, text.hint), slot, h('div.actions', submit), waitRegion())));
}

onSessionEnd((...why) => {
	end();
	forgetKeys();
	showSignIn(...why);
});
// A browser may show a page again that was left: without the key.
addEventListener('pagehide', () => endSession('left'));
document.documentElement.lang = words.locale;
showSignIn();
