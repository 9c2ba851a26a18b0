// The page: sign-in, the frame, and the view that an address names.

import { account, endSession, onSessionEnd, self } from './api.js';
import { fill, h } from './dom.js';
import { eventsView } from './events.js';
import { createView, editView } from './key-form.js';
import { keyView } from './key.js';
import { forgetKeys, keysView } from './keys.js';
import { bdi, nameOf, showExactTimes } from './parts.js';
import { begin, end, mayLeave } from './scope.js';
import { signInView } from './sign-in.js';
import { forgetOld, toldRegion, waitRegion } from './told.js';
import { patterns, usageView } from './usage.js';
import { words } from './words.js';

const VIEWS = { '': keysView, new: createView, key: keyView, edit: editView, events: eventsView, usage: usageView };

function showView(address, signal) {
	// An id goes into paths: nothing but letters and digits.
	const [, name, id] = /^#\/(events|usage|new|(?:key|edit)(?=\/\w))\/?(\w*)$/.exec(address) ?? ['', ''];
	forgetOld();
	scrollTo(0, 0);
	fill(document.querySelector('main'), VIEWS[name]({ signal, id }));
	document.querySelectorAll('nav a').forEach((/** @type {any} */ link) => (link.ariaCurrent = link.hash === `#/${name}` ? 'page' : null));
}

function showFrame() {
	const signOut = () => endSession('left');
	const exact = h('input', { type: 'checkbox', change: () => showExactTimes(exact.checked) });
	showExactTimes(false);
	fill(document.body,
		h('header',
			h('strong', bdi(account().company)),
			account().externalId && h('bdi.hint', account().externalId),
			h('nav', { 'aria-label': words.nav }, words.views.map(([href, text]) => h('a', { href }, text))),
			h('p.hint.end', bdi(self().username), ' · ', nameOf(self())),
			h('label.choice', exact, words.exactTimes),
			h('button.quiet', { click: () => mayLeave(signOut) && signOut() }, words.signOut)),
		toldRegion(),
		h('main'),
		waitRegion(),
		patterns());
	begin(showView);
}

const showSignIn = (reason) => fill(document.body, signInView(reason, showFrame));

onSessionEnd((reason) => {
	end();
	forgetKeys();
	showSignIn(reason);
});
// The browser may keep a page that was left, to show it again: without the key.
addEventListener('pagehide', () => endSession('left'));
document.documentElement.lang = words.locale;
showSignIn();
