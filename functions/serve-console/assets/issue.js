// Requests whose answer has a value, which is had though answers are lost.

import { call, expectValue, wait } from './api.js';
import { fill, h } from './dom.js';
import { button, linkTo } from './parts.js';
import { hold, onLeave } from './scope.js';
import { sayWaiting } from './told.js';
import { words } from './words.js';

const text = words.issue;

/**
 * Creates or rotates under a name: once, however often it is sent. If the answer was lost, another value takes the place of
 * the one that nobody saw. Gives the answer, and a `release` to call once its value was read.
 */
export function issue(signal, path, body, slot, fields, leave, /** @type {Call} */ { etag, reason } = {}) {
	const named = (/** @type {Call & { path: string }} */ request) => ({ ...request, signal, name: crypto.randomUUID() });
	let request = named({ path, body, etag });
	// It may have been done; if it was, to this key.
	let unsure = false;
	let made;

	async function attempt(release) {
		for (const pauses = [500, 1500, 4000]; ; ) {
			try {
				return await call('POST', request.path, { ...request, release, reason: unsure ? reason : undefined });
			} catch (problem) {
				unsure ||= problem.undecided;
				if (problem.code === 'REQUEST_DONE') {
					made = problem.keyId;
					request = named({ path: `/${made}/rotate`, body: { keepPrevious: true }, etag: problem.etag });
				} else if (unsure && problem.temporary && pauses.length > 0) {
					const pause = Math.max(Number(pauses.shift()), (problem.retryAfter ?? 0) * 1000);
					await new Promise((resolve) => setTimeout(resolve, pause));
				} else {
					unsure &&= problem.temporary;
					throw problem;
				}
			}
		}
	}

	return new Promise((resolve, reject) => {
		async function send() {
			const release = expectValue();
			const letGo = hold(signal, () => sayWaiting(words.wait));
			const over = wait();
			onLeave(signal, release);
			onLeave(signal, over);
			try {
				resolve({ ...(await attempt(release)), release });
			} catch (problem) {
				release();
				fields.disabled = unsure;
				if (unsure) offer();
				else {
					if (made) problem.advice = [text.without, !path && linkTo(made, text.open)];
					reject(problem);
				}
			}
			over();
			letGo();
		}
		function offer() {
			const after = (work) => () => {
				letGo();
				fill(slot);
				return work();
			};
			const again = button(text.again, after(send), 'primary');
			const letGo = hold(signal, () => again.focus());
			fill(slot, h('div.notice.warn', { role: 'alert' },
				h('p', text.unsure), h('div.actions', again, button(text.leave, after(leave)))));
			setTimeout(() => again.focus());
		}
		send();
	});
}
