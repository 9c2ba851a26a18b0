// The page: sign-in, the frame, and the view that an address names.

import { account, ask, endSession, keep, mayManage, onSessionEnd, opens, self } from './api.js';
import { forgetOld, resultRegion, waitRegion } from './dialogs.js';
import { eventsView } from './events.js';
import { createView, editView } from './key-form.js';
import { keyView } from './key.js';
import { forgetKeys, keysView } from './keys.js';
import { bdi, button, fill, form, h, nameOf, notice } from './parts.js';
import { begin, end, mayLeave } from './scope.js';
import { patterns, usageView } from './usage.js';
import { words } from './words.js';

const VIEWS = { '': keysView, new: createView, key: keyView, edit: editView, events: eventsView, usage: usageView };

const who = h('p.hint.end');

// No value may go into an address.
const ADDRESS = /^(?:#\/(events|usage|new|(?:key|edit)(?=\/))?(?:\/(\w{22}))?)?$/;

/** Where an address leads: to no form who only reads. */
function leadsTo(address) {
	const to = mayManage() ? address : address.replace('/edit', '/key').replace(/^#\/new.*/, '#/');
	return ADDRESS.test(to) ? to : '#/';
}

function showView(address) {
	const [, name = '', id] = /** @type {any} */ (ADDRESS.exec(address));
	fill(who, bdi(self().username), ' · ', nameOf(self()), !mayManage() && words.readsOnly);
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
		resultRegion(),
		h('main'),
		waitRegion(),
		patterns());
	begin(showView, leadsTo);
}

function showSignIn(reason = '', doubt = null) {
	const text = words.signIn;
	const slot = h('div', { id: 'wrong' });
	const input = h('input', { id: 'key', type: 'password', autocomplete: 'off', required: true, 'aria-describedby': 'wrong hint' });
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
			if (!opens(key, true)) return refuse(text.notManager);
			keep(key, value, await ask(value, '/account'));
			showFrame();
		} catch (problem) {
			if (problem.status === 401) refuse(text.notLive);
			else if (problem.code === 'OPERATION') refuse(text.notManager);
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
			h('label', { for: 'key' }, text.label), input, h('p.hint', { id: 'hint' }, text.hint), slot, h('div.actions', submit), waitRegion())));
}

onSessionEnd((...why) => {
	end();
	forgetKeys();
	showSignIn(...why);
});
// A browser may show a page again that was left.
addEventListener('pagehide', () => endSession('left'));
document.documentElement.lang = words.locale;
showSignIn();
