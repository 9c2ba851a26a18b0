// The session and the way to the API. The key is here alone.

import { thisView } from './scope.js';

const TIME_LIMIT = 35_000;

let session;
let whenEnded;
let whenWaiting;
const values = new Set();
const waits = new Set();

/** Why a request failed; a status of 0 is no answer. */
export class Problem extends Error {
	constructor(status, body, retryAfter) {
		const { detail, code, errors, sent = true } = Object(body);
		super(detail);
		const undecided = sent && (status === 0 || status >= 500);
		const temporary = undecided || !sent || status === 429 || code === 'CONTENDED';
		Object.assign(this, body, { status, errors: Array.isArray(errors) ? errors : [], sent, retryAfter, undecided, temporary });
	}
}

/** @type {() => Key} */
export const self = () => session?.self;
export const isSelf = (id) => self()?.id === id;

export const apiUrl = () => new URL('authentication', document.baseURI).href;
export const onSessionEnd = (listener) => (whenEnded = listener);
export const onWaiting = (listener) => (whenWaiting = listener);
export const ask = (value, path) => send(value, 'GET', path);

export const keep = (/** @type {Key} */ self, value, account = session.account) => (session = Object.assign(session ?? {}, { self, value, account }));

/** @type {() => Account} */
export const account = () => session?.account;

export const mayManage = () => account()?.grantableOperations.length !== 0;

export const opens = ({ operations }, read) => operations.some((name) => name === 'AUTHENTICATION' || (read && name === 'AUTHENTICATION_READ'));

const demoted = () => (mayManage() ? 'demoted' : 'unread');

/** Nothing if it is gone. */
export function renew(key) {
	if (!key) return endSession('deleted');
	session.self = key;
	if (!key.enabled) endSession('disabled');
	else if (!opens(key, !mayManage())) endSession(demoted());
}

export function endSession(reason, doubt) {
	if (!session) return;
	session = null;
	whenEnded(reason, doubt);
}

/** Until its result is called. */
export function wait() {
	const over = () => waits.delete(over) && whenWaiting(waits.size);
	waits.add(over);
	whenWaiting(waits.size);
	return over;
}

/** Until then no refused request ends the session: a value is to be read. */
export function expectValue() {
	const { promise, resolve } = Promise.withResolvers();
	values.add(promise);
	return () => {
		values.delete(promise);
		resolve(null);
	};
}

/** Never returns where its session has ended or its view was left. */
export async function call(method, path, /** @type {Call} */ options = {}) {
	const { signal = thisView(), release, reason = 'revoked', doubt } = options;
	const mine = session;
	const value = mine?.value;
	const isThere = () => session === mine && !signal?.aborted;
	try {
		const answer = mine && (await send(value, method, path, { ...options, signal }));
		if (mine && isThere()) return answer;
	} catch (problem) {
		if (problem.status !== 401 && problem.code !== 'OPERATION') {
			if (isThere()) throw problem;
		} else {
			release?.();
			while (values.size > 0) await Promise.race(values);
			// It may have another value by now.
			if (session === mine && value !== mine.value) return call(method, path, options);
			if (session === mine) endSession(problem.status === 401 ? reason : demoted(), doubt);
		}
	}
	return new Promise(() => {});
}

/** Newest first. */
export async function eventsSince(id, etag, options) {
	const { events } = await call('GET', `/events?keyId=${id}`, options);
	const at = events.findIndex((event) => event.id === etag);
	return at < 0 ? events : events.slice(0, at);
}

async function send(value, method, path, /** @type {Call} */ { body, signal, etag, name } = {}) {
	if (!navigator.onLine) throw new Problem(0, { sent: false });
	const limit = AbortSignal.timeout(TIME_LIMIT);
	const over = wait();
	try {
		const response = await fetch(apiUrl() + path, {
			method,
			headers: {
				'X-API-Key': value,
				...(body && { 'Content-Type': 'application/json' }),
				...(etag && { 'If-Match': `"${etag}"` }),
				...(name && { 'Idempotency-Key': name }),
			},
			body: body && JSON.stringify(body),
			credentials: 'omit',
			redirect: 'error',
			signal: signal ? AbortSignal.any([signal, limit]) : limit,
		}).catch(() => {
			throw new Problem(0);
		});
		const data = await response.json().catch(() => undefined);
		if (!response.ok) throw new Problem(response.status, data, Number(response.headers.get('Retry-After')) || 0);
		// It broke off, or something in between answered.
		if (!data && response.status !== 204) throw new Problem(0);
		return data;
	} finally {
		over();
	}
}
