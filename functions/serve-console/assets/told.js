// What is told apart from a view: waiting, and how a change ended whose view was left.

import { call, eventsSince, onWaiting, self } from './api.js';
import { noteKey } from './keys.js';
import { button, fill, h, nameOf, notice } from './parts.js';
import { thisView } from './scope.js';
import { words } from './words.js';

let timer = 0;

export const waitRegion = () => h('p.hint.wait', { role: 'status' });

export const toldRegion = () => h('div.told', { role: 'status' });

export const sayWaiting = (text) => document.querySelectorAll('.wait').forEach((region) => region.textContent !== text && fill(region, text));

/** Until it is closed, or two views later. */
function tell(...content) {
	const box = h('div.notice', h('p', content), button(words.close, () => box.remove()));
	document.querySelector('.told')?.append(box);
}

export const forgetOld = () => document.querySelectorAll('.told > *').forEach((box) =>
	(box.matches('.old') ? box.remove() : box.classList.add('old')));

export const tellDone = (key, action) => tell(words.done(nameOf(key), words.did[action]));

// By version, what was to be changed where no answer came.
const unanswered = new Map();
// It goes on when its view is left.
const signal = null;

/** Sends a change. One whose answer was lost is not taken for somebody else's. */
async function send(method, path, /** @type {any} */ { body, etag }) {
	const asked = JSON.stringify(body);
	try {
		return await call(method, path, { body, etag, signal });
	} catch (problem) {
		if (problem.undecided) unanswered.set(etag, asked);
		if (method === 'DELETE' && problem.code === 'NOT_FOUND') return;
		if (problem.code !== 'PRECONDITION_FAILED' || unanswered.get(etag) !== asked) throw problem;
		const made = (await eventsSince(path.slice(1), etag, { signal })).find(({ previousEvent }) => previousEvent === etag);
		if (made?.actor.keyId !== self().id || !made.changes.every(({ field }) => field in body)) throw problem;
		return call('GET', path, { signal });
	}
}

/** If its view was left, its end is told, and what is shown is read anew. */
export async function change(key, action, method, options) {
	const view = thisView();
	try {
		const answer = await send(method, `/${key.id}`, options);
		noteKey(key.id, answer);
		if (!view.aborted) return answer;
		tellDone(key, action);
	} catch (problem) {
		if (!view.aborted) throw problem;
		tell((problem.undecided ? words.notKnown : words.notDone)(nameOf(key), words.did[action]), notice(problem));
	}
	dispatchEvent(new CustomEvent('late', { detail: key.id }));
	return new Promise(() => {});
}

onWaiting((count) => {
	if (count === 0) {
		clearTimeout(timer);
		timer = 0;
		sayWaiting('');
	} else timer ||= setTimeout(() => {
		// A dialog may open later.
		timer = 0;
		sayWaiting(words.waiting);
	}, 400);
});
