// The session and the way to the API. The key lives here, in memory, and nowhere else.

// The gateway itself gives up after 29 s.
const TIME_LIMIT = 35_000;

/** @type {any} */
let session = null;
let whenEnded;

/** Why a request failed: the API's answer, or a status of 0 when none came. */
export class Problem extends Error {
	/** @type {string | undefined} */
	advice;

	constructor(status, /** @type {{ said?: any, retryAfter?: string | null, sent?: boolean }} */ { said, retryAfter, sent = true } = {}) {
		super(said?.detail);
		this.status = status;
		this.retryAfter = retryAfter;
		this.sent = sent;
		this.errors = said?.errors ?? [];
		this.requestId = said?.requestId;
		this.temporary = status === 0 || status === 429 || status >= 500;
		// It may have been carried out all the same.
		this.undecided = sent && this.temporary && status !== 429;
	}
}

/** The key that is signed in, as the API describes it; none, if nobody is. */
/** @type {() => Key} */
export const self = () => session?.self;
export const isSelf = (id) => self().id === id;

export const apiUrl = () => new URL('authentication', document.baseURI).href;
export const onSessionEnd = (listener) => (whenEnded = listener);
export const identify = (value) => send(value, 'GET', '/self');

/** Keeps a key until the session ends, or goes on with what has changed of it. */
export const keep = (key, value = session.value) => (session = { self: key, value });

export function endSession(reason) {
	if (!session) return;
	session = null;
	whenEnded(reason);
}

/** Sends a request. Where its session has ended or its view was left, it never returns: nobody is there to read on. */
export async function call(method, path, /** @type {{ body?: object, signal?: AbortSignal }} */ { body, signal } = {}) {
	const { value } = session;
	try {
		const answer = await send(value, method, path, body, signal);
		if (session && !signal?.aborted) return answer;
	} catch (problem) {
		if (problem.status === 401 && session?.value === value) endSession('revoked');
		else if (session && !signal?.aborted) throw problem;
	}
	return new Promise(() => {});
}

async function send(value, method, path, body, signal) {
	if (!navigator.onLine) throw new Problem(0, { sent: false });
	const limit = AbortSignal.timeout(TIME_LIMIT);
	const response = await fetch(apiUrl() + path, {
		method,
		headers: { 'X-API-Key': value, ...(body && { 'Content-Type': 'application/json' }) },
		body: body && JSON.stringify(body),
		credentials: 'omit',
		redirect: 'error',
		signal: signal ? AbortSignal.any([signal, limit]) : limit,
	}).catch(() => {
		throw new Problem(0);
	});
	const said = await response.json().catch(() => null);
	if (!response.ok) throw new Problem(response.status, { said, retryAfter: response.headers.get('Retry-After') });
	// The answer broke off, or something between us and the API gave its own.
	if (!said && response.status !== 204) throw new Problem(0);
	return said;
}
