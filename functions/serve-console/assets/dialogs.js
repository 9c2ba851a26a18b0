// What stands apart from a view: dialogs, waiting, and how a change ended whose view was left.

import { call, eventsSince, onWaiting, self } from './api.js';
import { noteKey } from './keys.js';
import { button, fill, form, h, nameOf, newId, notice } from './parts.js';
import { mayLeave, onLeave, thisView } from './scope.js';
import { words } from './words.js';

// What cancels each, the one on top last.
const open = new Set();

// A browser closes dialogs at the second Escape, and a key held down answers the next.
addEventListener('keydown', (event) => {
	if (event.key !== 'Escape' || event.isComposing || open.size === 0) return;
	event.preventDefault();
	if (!event.repeat) [...open].at(-1)();
});

/** Gives what closes it. */
export function openDialog(title, cancel, about, ...content) {
	const [titleId, aboutId] = [newId(), newId()];
	const result = resultRegion();
	const dialog = h('dialog', {
		closedby: 'none',
		'aria-labelledby': titleId,
		'aria-describedby': aboutId,
		close: () => dialog.isConnected && dialog.showModal(),
	}, h('h2', { id: titleId }, title), h('div.stack', { id: aboutId }, about), content, result, waitRegion());
	const close = () => {
		open.delete(cancel);
		forget();
		// Closing gives the focus back.
		dialog.close();
		dialog.remove();
		allResults().at(-1)?.append(...result.children);
	};
	open.add(cancel);
	document.body.append(dialog);
	dialog.showModal();
	const forget = onLeave(close);
	return close;
}

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

let timer = 0;

export const waitRegion = () => h('p.hint.wait', { role: 'status' });

export const resultRegion = () => h('div.result', { role: 'status' });

export const sayWaiting = (text) => document.querySelectorAll('.wait').forEach((region) => region.textContent !== text && fill(region, text));

// A dialog hides what is behind it.
const allResults = () => [...document.querySelectorAll('.result')];

/** Until it is closed, or two views later. */
function show(...content) {
	const box = h('div.notice', h('p', content), button(words.close, () => box.remove()));
	allResults().at(-1)?.append(box);
}

export const forgetOld = () => document.querySelectorAll('.result > *').forEach((box) =>
	(box.matches('.old') ? box.remove() : box.classList.add('old')));

export const showDone = (key, action) => show(words.done(nameOf(key), words.did[action]));

// By version, what was to be changed where no answer came.
const unanswered = new Map();
// Versions that were made here.
const mine = new Set();
// It goes on when its view is left.
const signal = null;

// However the API writes it.
const signsOf = (value) => [...String(JSON.stringify(value, (_, part) => part ?? undefined)).normalize('NFKC')].sort().join();

const isDone = (body) => ({ field, to }) => field in body && (field === 'allowedIps' || signsOf(to) === signsOf(body[field]));

/** What was made here, or got no answer, is not taken for another's. */
async function send(method, path, /** @type {any} */ { body, etag }) {
	const asked = JSON.stringify(body);
	try {
		const answer = await call(method, path, { body, etag, signal });
		mine.add(answer?.etag);
		return answer;
	} catch (problem) {
		if (problem.undecided) unanswered.set(etag, asked);
		if (method === 'DELETE' && problem.code === 'NOT_FOUND') return;
		if (problem.code !== 'PRECONDITION_FAILED') throw problem;
		const since = await eventsSince(path.slice(1), etag, { signal });
		if (since.length > 0 && since.every(({ id }) => mine.has(id))) return send(method, path, { body, etag: since[0].id });
		const made = since.find(({ previousEvent }) => previousEvent === etag);
		if (unanswered.get(etag) !== asked || made?.actor.keyId !== self().id || !made.changes.every(isDone(body))) throw problem;
		return call('GET', path, { signal });
	}
}

/** If its view was left, shows how it ended, and the present view is read anew. */
export async function change(key, action, method, options) {
	const view = thisView();
	try {
		const answer = await send(method, `/${key.id}`, options);
		noteKey(key.id, answer);
		if (!view.aborted) return answer;
		showDone(key, action);
	} catch (problem) {
		if (!view.aborted) throw problem;
		show((problem.undecided ? words.notKnown : words.notDone)(nameOf(key), words.did[action]), notice(problem));
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
