// The page: sign-in, the frame around the views, and which view an address names.

import { endSession, onSessionEnd, self } from './api.js';
import { fill, h } from './dom.js';
import { eventsView } from './events.js';
import { createView, editView } from './key-form.js';
import { keyView } from './key.js';
import { forgetKeys, keysView } from './keys.js';
import { mayLeave, nameOf } from './parts.js';
import { signInView } from './sign-in.js';
import { usageView } from './usage.js';
import { words } from './words.js';

/** The views, by the first word of an address; the second is an id. */
const VIEWS = { '': keysView, new: createView, key: keyView, edit: editView, events: eventsView, usage: usageView };

let shown = new AbortController();
let address;

function route() {
	if (!self() || location.hash === address) return;
	if (!mayLeave()) return history.pushState(null, '', address || location.pathname);
	address = location.hash;
	// An id goes into paths: nothing but letters and digits.
	const [, name, id] = /^#\/(events|usage|new|(?:key|edit)(?=\/\w))\/?(\w*)$/.exec(address) ?? ['', ''];
	shown.abort();
	shown = new AbortController();
	fill(document.querySelector('main'), VIEWS[name]({ signal: shown.signal, id }));
	scrollTo(0, 0);
	document.querySelectorAll('nav a').forEach((/** @type {any} */ link) => (link.ariaCurrent = link.hash === `#/${name}` ? 'page' : null));
}

function showFrame() {
	fill(document.body,
		h('header',
			h('strong', self().company),
			h('nav', { 'aria-label': words.nav }, words.views.map(([href, text]) => h('a', { href }, text))),
			h('p.hint.end', `${self().username} · ${nameOf(self())}`),
			h('button.quiet', { click: () => mayLeave() && endSession('left') }, words.signOut)),
		h('main'));
	address = null;
	route();
}

const showSignIn = (reason) => fill(document.body, signInView(reason, showFrame));

onSessionEnd((reason) => {
	shown.abort();
	forgetKeys();
	// What the address names is nobody else's business.
	history.replaceState(null, '', location.pathname);
	showSignIn(reason);
});
addEventListener('hashchange', route);
// The browser may keep a page that was left, to show it again: without the key.
addEventListener('pagehide', () => endSession('left'));
document.documentElement.lang = words.locale;
showSignIn();
