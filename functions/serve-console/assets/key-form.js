// The forms that make a key and change one.

import { call, isSelf, renew, self } from './api.js';
import { confirmed } from './dialogs.js';
import { fill, h } from './dom.js';
import { addresses, expiry, limits, operations, TEXTS, text as textField } from './fields.js';
import { issue } from './issue.js';
import { noteKey } from './keys.js';
import { mayChange } from './own-key.js';
import { button, changeList, form, heading, load, nameOf, notice } from './parts.js';
import { hold, replace } from './scope.js';
import { change } from './told.js';
import { showValue } from './value.js';
import { words } from './words.js';

const text = words.form;
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** Makes a key, like the one of that id if there is one. */
export function createView({ signal, id }) {
	const holder = h('div.stack');
	const { userId, username } = self();
	if (!id) fill(holder, createForm(signal, { userId, username, operations: [] }));
	else load(holder, async () => {
		const like = await call('GET', `/${id}`, { signal });
		return createForm(signal, { ...like, name: like.name && text.copyOf(like.name) });
	});
	return [heading(text.createTitle), holder];
}

export function editView({ signal, id }) {
	const holder = h('div');
	load(holder, async () => editForm(signal, await call('GET', `/${id}`, { signal })));
	return [heading(text.editTitle), holder];
}

function createForm(signal, like) {
	const fields = [
		...texts(like),
		textField('userId', like.userId, { required: true }),
		textField('username', like.username, { required: true }),
		...rights(like),
	];
	const left = like.operations.filter((operation) => !self().operations.includes(operation));
	return [
		left.length > 0 && h('p.notice.warn', text.leftOut(words.list(left))),
		frame(signal, fields, text.create, '#/', async (slot, group, held) => {
			const leave = () => {
				held.release();
				replace('#/');
			};
			const body = Object.fromEntries(fields.map(({ name, read }) => [name, read()]).filter(([, value]) => value !== null));
			const { value, release, ...key } = await issue(signal, '', body, slot, group, leave);
			held.release();
			showValue(signal, words.value.title(nameOf(key)), { value, release }, () => replace(`#/key/${key.id}`));
		}),
	];
}

function editForm(signal, /** @type {Key} */ key) {
	const fields = [...texts(key), ...rights(key, key)];
	// Only what is other than this is sent, and on the version that was seen.
	const before = fields.map(({ read }) => read());
	let known = key;
	const apply = (changed) => {
		noteKey(key.id, changed);
		renew(changed);
	};
	return frame(signal, fields, text.save, `#/key/${key.id}`, async (_slot, _group, held) => {
		const changes = fields.map(({ name, read }) => [name, read()]).filter(([, value], at) => !same(value, before[at]));
		const body = Object.fromEntries(changes);
		if (isSelf(key.id) && !(await mayChange(signal, known, body))) return;
		// Who leaves from here on is told how it ends.
		held.isSent = true;
		try {
			await change(signal, key, 'save', 'PATCH', { body, etag: known.etag }, apply);
		} catch (problem) {
			held.isSent = false;
			if (problem.code !== 'PRECONDITION_FAILED') throw problem;
			const now = await call('GET', `/${key.id}`, { signal });
			const others = fields.map(({ name }) => ({ field: name, from: known[name], to: now[name] })).filter(({ from, to }) => !same(from, to));
			known = now;
			// An earlier answer may have been lost.
			if (!changes.every(([name, value]) => same(value, now[name]))) {
				problem.advice = [text.overtaken, changeList(others), text.onTop];
				throw problem;
			}
			apply(now);
		}
		held.release();
		replace(`#/key/${key.id}`);
	});
}

const texts = (key) => Object.entries(TEXTS).map(([name, tag]) => textField(name, key[name], { tag }));

const rights = (key, edited) => [
	operations(key.operations),
	textField('trafficType', key.trafficType),
	expiry(edited),
	limits(key.limits ?? []),
	addresses(key.allowedIps ?? []),
];

/** A form that says what is wrong where it is wrong, and is not left without a question once something was typed. */
function frame(signal, fields, action, back, work) {
	const slot = h('div');
	const submit = button(action, null, 'primary');
	const group = h('fieldset.wide', fields.map(({ element }) => element));
	const typed = () => [...group.elements].map((/** @type {any} */ { value, checked }) => [value, checked]);
	const untouched = typed();
	let isAsking = false;
	async function askToLeave(goOn) {
		if (isAsking) return;
		isAsking = true;
		const mayGo = await confirmed(signal, { title: text.leaveTitle, about: h('p', text.leaveText), action: text.leave });
		isAsking = false;
		if (!mayGo) return;
		held.release();
		goOn();
	}
	const held = { isSent: false, release: hold(signal, askToLeave, () => !held.isSent && !same(typed(), untouched)) };

	function complain(errors) {
		const wrong = fields.filter((field) => field.tell(errors));
		wrong[0]?.focus();
		return wrong.length > 0;
	}
	async function send() {
		fill(slot);
		if (complain(fields.flatMap(({ check }) => check()))) return;
		try {
			await work(slot, group, held);
		} catch (problem) {
			fill(slot, !complain(problem.errors ?? []) && notice(problem));
		}
	}
	return form('wide', submit, send, group, slot, h('div.actions', submit, h('a.button', { href: back }, words.cancel)));
}
