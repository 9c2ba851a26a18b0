// What was changed, by whom, from where.

import { call } from './api.js';
import { list } from './keys.js';
import { attempt, atTime, bdi, button, cells, changeList, fill, h, heading, linkTo, moment, nameOf, offer, table } from './parts.js';
import { words } from './words.js';

const text = words.events;
const PAGE = 50;
const FEW = 3;

export const eventsView = () => [heading(text.title), eventsList({})];

export function eventsSection(id) {
	const holder = h('div');
	const show = () => fill(holder, eventsList({ [choice.value]: id }));
	const choice = h('select', { change: show });
	const head = h('div.line', h('h2', text.title), h('label.pick', words.show, offer(choice, text.of)));
	show();
	return h('section', head, holder);
}

function eventsList(query) {
	const body = h('tbody', { role: 'rowgroup' });
	const slot = h('div');
	const rows = table(text.title, text.columns, body, { hidden: true });
	const more = button(words.more, () => attempt(slot, loadPage), '', { hidden: true });
	let cursor;

	async function loadPage(isLatest) {
		const parameters = new URLSearchParams({ ...query, limit: PAGE, ...(cursor && { cursor }) });
		const { events, nextCursor } = await call('GET', `/events?${parameters}`);
		if (!isLatest()) return;
		const next = body.rows.length;
		body.append(...events.map(row));
		cursor = nextCursor;
		more.hidden = !cursor;
		rows.hidden = body.rows.length === 0;
		fill(slot, rows.hidden && h('p.hint', text.none));
		if (next) body.rows[next]?.querySelector('a, summary')?.focus();
	}

	attempt(slot, loadPage);
	return h('div.stack', rows, slot, h('div.actions', more));
}

const row = ({ time, type, keyId, actor, sourceIp, changes, report, daysLeft, expiresAt }) => cells(text.columns, [
	moment(time),
	text.type(type),
	keyId && linkTo(keyId, nameById(keyId)),
	actorOf(actor),
	sourceIp && h('code', sourceIp),
	[changesOf(changes), report && h('p.hint', text.report(report)), expiresAt && h('p.hint', text.ends(daysLeft, atTime(expiresAt)))],
]);

function nameById(id) {
	const key = list.keys.find((known) => known.id === id);
	return key ? nameOf(key) : h('code', id);
}

const actorOf = ({ type, keyId, userId, username, claimed }) => (type === 'KEY'
	? linkTo(keyId, bdi(username ?? userId ?? keyId))
	: [text.actor[type] ?? type, claimed && h('span.sub', text.claimed(bdi(claimed)))]);

function changesOf(changes) {
	const lines = changeList(changes);
	return changes.length > FEW ? h('details', h('summary', text.fields(changes.length)), lines) : changes.length > 0 && lines;
}
