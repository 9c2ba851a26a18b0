// The forms that make and change a key.

import { account, call, eventsSince, isSelf, self } from './api.js';
import { change, confirmed } from './dialogs.js';
import { addresses, expiry, limits, operations, TEXTS, tags, text as textField, trafficType } from './fields.js';
import { button, changeList, fill, form, h, heading, load, nameOf, notice } from './parts.js';
import { hold, replace } from './scope.js';
import { issue, showValue } from './value.js';
import { words } from './words.js';

const text = words.form;
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

export function createView(id) {
	const holder = h('div.stack');
	const { userId, username } = self();
	load(holder, async () => {
		if (!id) return createForm({ userId, username, operations: [], tags: {} });
		const like = await call('GET', `/${id}`);
		return createForm({ ...like, name: like.name && text.copyOf(like.name) });
	});
	return [heading(text.createTitle), holder];
}

export function editView(id) {
	const holder = h('div');
	load(holder, async () => editForm(await call('GET', `/${id}`)));
	return [heading(text.editTitle), holder];
}

function createForm(like) {
	const fields = fieldsOf(like);
	const left = like.operations.filter((operation) => !account().grantableOperations.includes(operation));
	return [
		left.length > 0 && h('p.notice.warn', text.leftOut(words.list(left))),
		frame(fields, text.create, '#/', async (slot, group, leave) => {
			const body = Object.fromEntries(fields.map(({ name, read }) => [name, read()]).filter(([, value]) => value !== null));
			const { value, release, ...key } = await issue('', body, slot, group, () => leave('#/'), { doubt: nameOf(body) });
			showValue(words.value.title(nameOf(key)), { ...key, value, release }, () => leave(`#/key/${key.id}`));
		}),
	];
}

function editForm(/** @type {Key} */ key) {
	const fields = fieldsOf(key, key);
	const before = fields.map(({ read }) => read());
	let known = key;
	return frame(fields, text.save, `#/key/${key.id}`, async (_slot, _group, leave) => {
		const changes = fields.map(({ name, read }) => [name, read()]).filter(([, value], at) => !same(value, before[at]));
		const body = Object.fromEntries(changes);
		// A patch of tags leaves what it does not name.
		if (body.tags) body.tags = { ...Object.fromEntries(Object.keys(known.tags).map((name) => [name, null])), ...body.tags };
		if (isSelf(key.id) && !(await mayChange(known, body))) return;
		try {
			await change(key, 'save', 'PATCH', { body, etag: known.etag });
		} catch (problem) {
			if (problem.code === 'PRECONDITION_FAILED') {
				const events = await eventsSince(key.id, known.etag);
				known = await call('GET', `/${key.id}`);
				problem.advice = [words.overtaken, h('ul', events.map(didTo)), text.onTop];
			}
			throw problem;
		}
		leave(`#/key/${key.id}`);
	});
}

const didTo = ({ type, changes }) => h('li', words.events.type(type), changeList(changes));

const fieldsOf = (key, edited) => [
	...Object.entries(TEXTS).map(([name, tag]) => textField(name, key[name], { tag })),
	tags(key),
	...['userId', 'username'].map((name) => textField(name, key[name], { required: true })),
	operations(key.operations),
	trafficType(key.trafficType),
	expiry(edited),
	limits(key.limits ?? []),
	addresses(key.allowedIps ?? []),
];

function frame(fields, action, back, work) {
	const slot = h('div');
	const submit = button(action, null, 'primary');
	const group = h('fieldset.wide', fields.map(({ element }) => element));
	const typed = () => [...group.elements].map(({ value, checked }) => [value, checked]);
	const untouched = typed();
	async function askToLeave(goOn) {
		if (document.querySelector('dialog')) return;
		if (!(await confirmed({ title: text.leaveTitle, about: h('p', text.leaveText), action: text.leave }))) return;
		letGo();
		goOn();
	}
	const letGo = hold(askToLeave, () => !same(typed(), untouched));

	function leave(hash) {
		letGo();
		replace(hash);
	}
	function complain(errors) {
		const wrong = fields.filter((field) => field.show(errors));
		wrong[0]?.focus();
		return wrong.length > 0;
	}
	async function send() {
		fill(slot);
		if (complain(fields.flatMap(({ check }) => check()))) return;
		submit.focus();
		group.disabled = true;
		const problem = await work(slot, group, leave).then(() => null, (reason) => reason);
		group.disabled = false;
		if (problem) fill(slot, !complain(problem.errors ?? []) && notice(problem));
	}
	return form('wide', submit, send, group, slot, h('div.actions', submit, h('a.button', { href: back }, words.cancel)));
}

function mayChange(/** @type {Key} */ key, { operations, allowedIps, expiresAt }) {
	const text = words.ownKey;
	const lost = [
		operations && !operations.includes('AUTHENTICATION') && { field: 'operations', from: key.operations, to: operations },
		expiresAt && !(key.expiresAt && key.expiresAt <= expiresAt) && { field: 'expiresAt', from: key.expiresAt ?? words.never, to: expiresAt },
		// The page does not know its own address.
		allowedIps && { field: 'allowedIps', from: key.allowedIps ?? words.anywhere, to: allowedIps },
	].filter(Boolean);
	return lost.length === 0 || confirmed({
		title: text.title,
		about: [changeList(lost), h('p', [text.yours, ...lost.map(({ field }) => text[field]), text.help].join(' '))],
		action: text.action,
	});
}
