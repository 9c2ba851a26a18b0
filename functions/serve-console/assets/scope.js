// A view owns what begins in it: requests, dialogs, and what keeps it from being left.

let view = new AbortController();
/** @type {Set<any>} */
const holds = new Set();

// Its place in the browser's history, and the addresses there.
let at = history.state?.at ?? 0;
let trail = [];
let address;
let showView;

const held = () => [...holds].findLast(({ needed }) => needed());

/** Ends with the view that is there now. */
export const thisView = () => view.signal;

export const onLeave = (work) => view.signal.addEventListener('abort', work, { once: true });

/** Keeps the view until its result is called. `ask` gets how to go on. */
export function hold(ask, needed = () => true) {
	const mine = { ask, needed };
	const release = () => holds.delete(mine);
	holds.add(mine);
	onLeave(release);
	return release;
}

export function mayLeave(goOn) {
	const last = held();
	last?.ask(goOn);
	return !last;
}

function show() {
	address = trail[at] = location.hash;
	view.abort();
	view = new AbortController();
	showView(address);
}

addEventListener('popstate', () => {
	// A new entry has no place yet.
	const there = history.state?.at ?? at + 1;
	const steps = there - at;
	history.replaceState({ at: there }, '');
	const isOther = address !== undefined && location.hash !== address;
	if (isOther && !mayLeave(() => history.go(steps))) return history.go(-steps);
	at = there;
	if (isOther) show();
});
// The browser asks in its own words.
addEventListener('beforeunload', (event) => held() && event.preventDefault());

export function begin(work) {
	showView = work;
	history.scrollRestoration = 'manual';
	history.replaceState({ at }, '');
	show();
}

/** Ends the view. What its address names is nobody else's business. */
export function end() {
	view.abort();
	address = undefined;
	trail = [];
	history.replaceState({ at }, '', location.pathname);
}

/** No way back leads to the view that is left so. */
export function replace(hash) {
	history.replaceState({ at }, '', hash);
	if (trail[at - 1] === hash) history.back();
	else show();
}
