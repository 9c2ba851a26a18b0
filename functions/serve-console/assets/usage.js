// Usage, as bars and as a table.

import { call } from './api.js';
import { bucketTime, DAY, h, heading, load, number, offer } from './parts.js';
import { words } from './words.js';

const text = words.usage;
const LENGTH = { hour: DAY / 24, day: DAY };
const PERIODS = { month: ['day', 30], day: ['hour', 24], week: ['hour', 7 * 24], year: ['day', 365] };
const VERDICTS = ['allowed', 'limited', 'denied'];

export const usageView = () => usageList(heading(text.title), '/usage');

export const usageSection = (path) => h('section', usageList(h('h2', text.title), path));

function usageList(title, path) {
	const holder = h('div.stack');
	const show = () => load(holder, async () => {
		const [bucket, count] = PERIODS[choice.value];
		const first = (Math.floor(Date.now() / LENGTH[bucket]) - count + 1) * LENGTH[bucket];
		const query = new URLSearchParams({ from: new Date(first).toISOString(), bucket });
		const { usage } = await call('GET', `${path}?${query}`);
		const buckets = usage.map((each) => ({ ...each, all: each.allowed + each.limited + each.denied }));
		return figure(buckets, bucket);
	});
	const choice = h('select', { change: show });
	const head = h('div.line', title, h('label.pick', words.show, offer(choice, text.period)));
	show();
	return [head, holder];
}

const total = (buckets, verdict) => number(buckets.reduce((sum, bucket) => sum + bucket[verdict], 0));
const most = (buckets) => Math.max(...buckets.map(({ all }) => all));
const totals = (buckets) => VERDICTS.map((verdict) => text.total(total(buckets, verdict), verdict));

function figure(buckets, bucket) {
	if (!(most(buckets) > 0)) return h('p.hint', text.nothing, text.late);
	const timeOf = bucketTime[bucket];
	const columns = [text.time[bucket], ...VERDICTS.map((verdict) => text.verdict[verdict])];
	const ends = [buckets[0], buckets.at(-1)].map(({ start }) => h('span', timeOf(start)));
	return [
		h('ul.legend', totals(buckets).map((sum, at) => h('li', h('svg', { 'aria-hidden': 'true' }, h(`rect.${VERDICTS[at]}`, ALL)), sum))),
		h('div.chart', h('p.hint', number(most(buckets))), bars(buckets), h('p.hint.line', ends)),
		h('p.hint', text.late),
		h('details', h('summary', text.asTable), h('table',
			h('thead', h('tr', columns.map((name) => h('th', { scope: 'col' }, name)))),
			h('tbody', buckets.filter(({ all }) => all > 0).reverse().map((each) => h('tr',
				h('th', { scope: 'row' }, timeOf(each.start)),
				VERDICTS.map((verdict) => h('td', number(each[verdict])))))))),
	];
}

const ALL = { width: '100%', height: '100%' };
const LINES = { limited: 'M-1 7L7 -1M-1 1L1 -1M5 7L7 5', denied: 'M0 3H6M3 0V6' };

/** They distinguish verdicts without colours. */
export const patterns = () => h('svg', { width: 0, height: 0, 'aria-hidden': 'true' }, Object.entries(LINES).map(([verdict, d]) =>
	h(`pattern.${verdict}`, { id: verdict, patternUnits: 'userSpaceOnUse', width: 6, height: 6 }, h('rect', ALL), h('path', { d }))));

function bars(buckets) {
	const step = 100 / buckets.length;
	const bar = (bucket, at) => {
		let y = 100;
		return VERDICTS.filter((verdict) => bucket[verdict]).map((verdict) => {
			const height = Math.max((bucket[verdict] / most(buckets)) * 100, 1);
			y -= height;
			return h(`rect.${verdict}`, { x: `${(at + 0.1) * step}%`, y: `${y}%`, width: `${0.8 * step}%`, height: `${height}%` });
		});
	};
	return h('svg', { role: 'img', 'aria-label': text.chart(words.list(totals(buckets))) }, buckets.map(bar));
}
