// A value: had though answers are lost, and shown this one time.

import { apiUrl, call, eventsSince, expectValue, wait } from './api.js';
import { openDialog, sayWaiting } from './dialogs.js';
import { button, fill, h, inFull, linkTo, reasonOf } from './parts.js';
import { hold, onLeave, thisView } from './scope.js';
import { words } from './words.js';

const { issue: texts, value: text } = words;
const { until, forever } = words.form.expiry;
const PATIENCE = 10;
// The function answers it when it has looked the name up. All else proves nothing.
const DECIDES = /^(CANNOT_|INVALID_REQUEST|KEY_|LIFETIME_|NOT_FOUND|PRECONDITION_FAILED|QUOTA_REACHED)/;

/** Creates or rotates once, by a name. `release` is to be called when the value was read. */
export function issue(path, body, slot, fields, leave, /** @type {Call} */ { etag, ...inDoubt } = {}) {
	const signal = thisView();
	const named = (/** @type {any} */ request) => ({ ...request, signal, name: crypto.randomUUID() });
	const another = (version) => named({ path: `/${made}/rotate`, body: { keepPrevious: true }, etag: version });
	let request = named({ path, body, etag });
	// It may have been done; if it was, to this key, by this event.
	let unsure = false;
	let made;
	let lost;

	/** Whether the lost value is still the newest. */
	const isNewest = async (looking) =>
		(await eventsSince(made, '', looking)).find(({ type }) => /^key\.(created|rotated)$/.test(type))?.id === lost;

	async function attempt(release) {
		const looking = { signal, release, ...inDoubt };
		for (const pauses = [500, 1500, 4000]; ; ) {
			try {
				return await call('POST', request.path, { ...request, release, ...(unsure && inDoubt) });
			} catch (problem) {
				unsure ||= problem.undecided;
				if (problem.code === 'REQUEST_DONE') {
					unsure = true;
					made = problem.keyId;
					lost = problem.etag;
					request = another(lost);
				} else if (made && problem.code === 'PRECONDITION_FAILED' && (await isNewest(looking))) {
					request = another((await call('GET', `/${made}`, looking)).etag);
				} else if (unsure && problem.temporary && pauses.length > 0 && !(problem.retryAfter > PATIENCE)) {
					const pause = Math.max(Number(pauses.shift()), problem.retryAfter * 1000);
					await new Promise((resolve) => setTimeout(resolve, pause));
				} else {
					unsure &&= !DECIDES.test(problem.code);
					throw problem;
				}
			}
		}
	}

	return new Promise((resolve, reject) => {
		async function send() {
			const release = expectValue();
			const letGo = hold(() => sayWaiting(words.wait));
			const over = wait();
			onLeave(release);
			onLeave(over);
			try {
				resolve({ ...(await attempt(release)), release });
			} catch (problem) {
				release();
				fields.disabled = unsure;
				if (unsure) offer(problem);
				else {
					const meanwhile = problem.code === 'PRECONDITION_FAILED' ? texts.overtaken : texts.without;
					if (made) problem.advice = [meanwhile, !path && linkTo(made, texts.open)];
					reject(problem);
				}
			}
			over();
			letGo();
		}
		function offer(problem) {
			const after = (work) => () => {
				letGo();
				fill(slot);
				return work();
			};
			const again = button(texts.again, after(send), 'primary');
			const letGo = hold(() => again.focus());
			fill(slot, h('div.notice.warn', { role: 'alert' },
				!problem.undecided && h('p', reasonOf(problem)), h('p', texts.unsure), h('div.actions', again, button(texts.leave, after(leave)))));
			setTimeout(() => again.focus());
		}
		send();
	});
}

export function showValue(title, { value, release, expiresAt }, done) {
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
	const letGo = hold(leave);
	const close = openDialog(title, leave,
		h('p', expiresAt ? until(inFull(expiresAt)) : forever, ' ', h('strong', text.once)),
		secret,
		h('div.line', copy, state),
		h('p.hint', text.use),
		h('pre', text.example(apiUrl())),
		warning,
		h('div.actions', button(text.done, leave)));
}
