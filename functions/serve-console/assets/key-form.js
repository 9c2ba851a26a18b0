// The forms that make a key and change one.

import { call, isSelf, keep, self } from './api.js';
import { deleteDialog } from './delete.js';
import { fill, h } from './dom.js';
import { addresses, expiry, limits, operations, TEXTS, text as textField } from './fields.js';
import { putKey } from './keys.js';
import { attempt, button, form, heading, hold, keyLink, load, moment, nameOf, notice } from './parts.js';
import { showValue } from './value.js';
import { words } from './words.js';

const text = words.form;
// Clocks here and there may differ.
const SKEW = 5 * 60_000;

/** Makes a key, like the one of that id if there is one. */
export function createView({ signal, id }) {
	const holder = h('div.stack');
	const { userId, username } = self();
	if (!id) fill(holder, createForm({ userId, username, operations: [] }));
	else load(holder, async () => {
		const like = await call('GET', `/${id}`, { signal });
		return createForm({ ...like, name: like.name && text.copyOf(like.name) });
	});
	return [heading(text.createTitle), holder];
}

export function editView({ signal, id }) {
	const holder = h('div');
	load(holder, async () => editForm(await call('GET', `/${id}`, { signal })));
	return [heading(text.editTitle), holder];
}

function createForm(like) {
	const fields = [
		...texts(like),
		textField('userId', like.userId),
		textField('username', like.username),
		...rights(like),
	];
	const left = like.operations.filter((operation) => !self().operations.includes(operation));

	const [view, submit, slot] = frame(fields, text.create, '#/', async () => {
		const began = Date.now();
		const body = Object.fromEntries(fields.map(({ name, read }) => [name, read()]).filter(([, value]) => value !== null));
		const release = hold();
		try {
			const { value, ...key } = await call('POST', '', { body });
			release();
			showValue(words.value.title(nameOf(key)), value, () => (location.hash = `#/key/${key.id}`));
		} catch (problem) {
			release();
			if (!problem.undecided) throw problem;
			submit.hidden = true;
			fill(slot, undecided(body, began));
		}
	});

	/** A second request could make a second key, so somebody has to look first. */
	function undecided(body, began) {
		const found = h('div');
		const isIt = (key) => key.createdBy === self().userId && key.userId === body.userId &&
			(key.name ?? '') === (body.name ?? '') && Date.parse(key.createdAt) >= began - SKEW;
		const clear = (sentence) => {
			submit.hidden = false;
			fill(slot, h('p.notice', { role: 'alert' }, sentence));
			submit.focus();
		};
		const remove = (key) => button(words.key.delete, () => deleteDialog(key, () => setTimeout(clear, 0, text.cleared)), 'danger');
		const look = button(text.look, () => attempt(found, async () => {
			const keys = (await call('GET', '?limit=100')).apiKeys.filter(isIt);
			if (keys.length === 0) return clear(text.notThere);
			fill(found, h('p', text.found), keys.map((key) => h('p', keyLink(key), ', ', moment(key.createdAt), ' ', remove(key))));
		}));
		setTimeout(() => look.focus());
		return h('div.notice.warn', { role: 'alert' }, h('p', text.undecided), look, found);
	}

	return [left.length > 0 && h('p.notice.warn', text.leftOut(words.list(left))), view];
}

function editForm(/** @type {Key} */ key) {
	const fields = [...texts(key), ...rights(key, key)];
	// Only what is other than this is sent.
	const before = fields.map(({ read }) => JSON.stringify(read()));
	const [view] = frame(fields, text.save, `#/key/${key.id}`, async () => {
		const changes = fields.map(({ name, read }) => [name, read()]).filter(([, value], at) => JSON.stringify(value) !== before[at]);
		const changed = await call('PATCH', `/${key.id}`, { body: Object.fromEntries(changes) });
		putKey(changed);
		if (isSelf(key.id)) keep(changed);
		location.hash = `#/key/${key.id}`;
	});
	return view;
}

const texts = (key) => Object.entries(TEXTS).map(([name, element]) => textField(name, key[name], element));

const rights = (key, edited) => [
	operations(key.operations),
	textField('trafficType', key.trafficType),
	expiry(edited),
	limits(key.limits ?? []),
	addresses(key.allowedIps ?? []),
];

/** A form that says what is wrong where it is wrong. */
function frame(fields, action, back, work) {
	const slot = h('div');
	const submit = button(action, null, 'primary');
	const send = async () => {
		fill(slot);
		fields.forEach((field) => field.tell([]));
		try {
			await work();
		} catch (problem) {
			const wrong = fields.filter((field) => field.tell(problem.errors ?? []));
			if (wrong.length === 0) fill(slot, notice(problem));
			wrong[0]?.focus();
		}
	};
	const actions = h('div.actions', submit, h('a.button', { href: back }, words.cancel));
	return [form('wide', submit, send, fields.map(({ element }) => element), slot, actions), submit, slot];
}
