// A view owns what begins in it: requests, dialogs, and what keeps it from being left.

let view = new AbortController();
const holds = new Set();

// Its place in the history, and the addresses there.
let at = history.state?.at ?? 0;
let trail = [];
let address;
let showView;
let leadsTo = (address) => address;

const held = () => [...holds].findLast(({ needed }) => needed());

export const thisView = () => view.signal;

export function onLeave(work) {
	const { signal } = view;
	signal.addEventListener('abort', work, { once: true });
	return () => signal.removeEventListener('abort', work);
}

/** Keeps the view until its result is called. `ask` gets how to go on. */
export function hold(ask, needed = () => true) {
	const mine = { ask, needed };
	const release = () => {
		forget();
		holds.delete(mine);
	};
	const forget = onLeave(release);
	holds.add(mine);
	return release;
}

export function mayLeave(goOn) {
	const last = held();
	last?.ask(goOn);
	return !last;
}

function show() {
	view.abort();
	view = new AbortController();
	showView(location.hash);
	address = trail[at] = location.hash;
}

// To ask when the browser is back where it was.
let question;

addEventListener('popstate', () => {
	// A new entry has no place yet.
	const there = history.state?.at ?? at + Number(location.hash !== address);
	const steps = there - at;
	history.replaceState({ at: there }, '', leadsTo(location.hash));
	const isOther = address !== undefined && location.hash !== address;
	if (isOther && held()) {
		question = () => mayLeave(() => history.go(steps));
		return history.go(-steps);
	}
	at = there;
	if (isOther) show();
	else question?.();
	question = null;
});
addEventListener('beforeunload', (event) => held() && event.preventDefault());

export function begin(...work) {
	[showView, leadsTo] = work;
	history.scrollRestoration = 'manual';
	history.replaceState({ at }, '', leadsTo(location.hash));
	show();
}

export function end() {
	view.abort();
	address = undefined;
	trail = [];
	history.replaceState({ at }, '', location.pathname);
}

/** No way back leads to the view that is left. */
export function replace(hash) {
	history.replaceState({ at }, '', hash);
	if (trail[at - 1] === hash) history.back();
	else show();
}
