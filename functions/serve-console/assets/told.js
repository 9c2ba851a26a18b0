// What is told apart from a view: waiting, and how a change ended whose own view was left.

import { call, onWaiting } from './api.js';
import { fill, h } from './dom.js';
import { noteKey } from './keys.js';
import { button, nameOf, notice } from './parts.js';
import { thisView } from './scope.js';
import { words } from './words.js';

let timer = 0;

export const waitRegion = () => h('p.hint.wait', { role: 'status' });

export const toldRegion = () => h('div.told', { role: 'status' });

export const sayWaiting = (text) => document.querySelectorAll('.wait').forEach((region) => fill(region, text));

/** Until it is closed, or two views later. */
function tell(...content) {
	const box = h('div.notice', h('p', content), button(words.close, () => box.remove()));
	document.querySelector('.told')?.append(box);
}

export const forgetOld = () => document.querySelectorAll('.told > *').forEach((box) =>
	(box.matches('.old') ? box.remove() : box.classList.add('old')));

export const tellDone = (key, action) => tell(words.done(nameOf(key), words.did[action]));

/** How it ended is told if its view was left. */
export async function change(key, action, method, /** @type {Call} */ options) {
	const view = thisView();
	try {
		// It goes on when its view is left.
		const answer = await call(method, `/${key.id}`, { ...options, signal: null });
		noteKey(key.id, answer);
		if (!view.aborted) return answer;
		tellDone(key, action);
	} catch (problem) {
		if (!view.aborted) throw problem;
		tell(words.notDone(nameOf(key), words.did[action]), notice(problem));
	}
	return new Promise(() => {});
}

onWaiting((count) => {
	if (count === 0) {
		clearTimeout(timer);
		timer = 0;
		sayWaiting(null);
	} else timer ||= setTimeout(sayWaiting, 400, words.waiting);
});
