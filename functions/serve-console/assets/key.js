// One key, and what may be done with it.

import { call, isSelf, keep, mayManage } from './api.js';
import { ask, change, showDone } from './dialogs.js';
import { eventsSection } from './events.js';
import { field, lifetimeOf, tagsOf, textsOf } from './fields.js';
import { noteKey } from './keys.js';
import {
	attempt, atTime, badge, bdi, button, fill, h, heading, lastUse, limitsText, linkTo, mark, moment, nameOf, offer,
	oldUse, userOf,
} from './parts.js';
import { replace, thisView } from './scope.js';
import { usageSection } from './usage.js';
import { issue, showValue } from './value.js';
import { words } from './words.js';

const text = words.key;
const USUAL_SECONDS = 3600;
const TYPED = 6;

export function keyView(id) {
	const path = `/${id}`;
	const [top, usage, events] = [h('div.stack'), h('div'), h('div')];

	function show(key) {
		noteKey(id, key);
		fill(events, eventsSection(key.id));
		if (!usage.hasChildNodes()) fill(usage, usageSection(`${path}/usage`));
		return [headline(key), facts(key)];
	}

	function changed(key) {
		// Not for what was asked for before.
		top.latest = key;
		fill(top, show(key));
	}

	function showNone(problem) {
		if (problem.code !== 'NOT_FOUND') throw problem;
		noteKey(id);
		// Its events may still be there.
		fill(events, eventsSection(id));
		return [heading(text.unknown), h('code.sub', id)];
	}

	const load = (note = null) => attempt(top, async (isLatest) => {
		const work = await call('GET', path).then((key) => () => show(key), (problem) => () => showNone(problem));
		if (isLatest()) fill(top, note && h('p.notice.warn', { role: 'alert' }, note), work());
	});

	/** Works on what is shown, or shows what there is. */
	const onThis = (work) => async (...given) => {
		try {
			await work(...given);
		} catch (problem) {
			if (!/^(KEY_|NOT_FOUND|PRECONDITION)/.test(problem.code)) throw problem;
			load(problem.advice ?? words.overtaken);
		}
	};

	const patch = (key, action, body, etag = '') => onThis(async () =>
		changed(await change(key, action, 'PATCH', { body, etag })));

	const askTo = (act, key, about, body, etag = '') => askAbout(key, act, { about, perform: patch(key, act, body, etag) });

	function headline(key) {
		const slot = h('div');
		const enable = () => attempt(slot, patch(key, 'enable', { enabled: true }, key.etag));
		return [
			h('div', heading(text.title, nameOf(key), ' ', badge(key.status), mark(key)), h('code.sub', key.id)),
			text.meaning[key.status] && h('p.notice.warn', text.meaning[key.status].slice(0, mayManage() ? 2 : 1)),
			slot,
			mayManage() && h('div.actions',
				['ACTIVE', 'EXPOSED'].includes(key.status) && button(text.rotate, () => rotateDialog(key, (now) => (now ? changed(now) : load()), onThis)),
				key.previousValueValidUntil && button(text.endOld, () => askTo('endOld', key, oldUse(key), { previousValueValidUntil: null }, key.etag)),
				h('a.button', { href: `#/edit/${id}` }, text.edit),
				h('a.button', { href: `#/new/${id}` }, text.like),
				// It wins over what others write.
				key.enabled && button(text.disable, () => askTo('disable', key, lastUse(key), { enabled: false })),
				!key.enabled && key.status !== 'EXPOSED' && button(text.enable, enable),
				button(text.delete, () => deleteDialog(key, () => replace('#/')), 'danger')),
		];
	}

	addEventListener('late', (/** @type {any} */ { detail }) => detail === id && load(), { signal: thisView() });
	load();
	return [h('a', { href: '#/' }, text.back), top, usage, events];
}

function facts(key) {
	const inForce = limitsText(key.effectiveLimits);
	const { name, description, ...texts } = textsOf(key);
	const values = {
		description: description && h('p', { dir: 'auto' }, description),
		...texts,
		tags: tagsOf(key).length > 0 && h('ul', tagsOf(key).map((tag) => h('li', bdi(tag)))),
		owner: userOf(key),
		operations: words.list(key.operations),
		trafficType: key.trafficType,
		limits: [limitsText(key.limits), inForce !== limitsText(key.limits) && words.inForce(inForce)],
		accountLimits: key.accountLimits && limitsText(key.accountLimits),
		allowedIps: key.allowedIps ? h('ul', key.allowedIps.map((range) => h('li', h('code', range)))) : words.anywhere,
		expiresAt: moment(key.expiresAt),
		lastUsedAt: moment(key.lastUsedAt),
		previousValueValidUntil: key.previousValueValidUntil && [moment(key.previousValueValidUntil), oldUse(key)],
		createdAt: moment(key.createdAt),
		createdBy: key.createdByKeyId ? linkTo(key.createdByKeyId, bdi(key.createdBy)) : bdi(key.createdBy),
	};
	return h('dl.facts', Object.entries(values).filter(([, value]) => value).map(([name, value]) =>
		h('div', h('dt', words.fields[name]), h('dd', value))));
}

function askAbout(key, act, /** @type {any} */ { about, ...question }) {
	const { action, title = action, consequence, self } = words[act];
	ask({
		title: words.question(title, nameOf(key)),
		about: [consequence && h('p', consequence), about, self && isSelf(key.id) && h('p.notice.warn', self)],
		action,
		...question,
	});
}

function rotateDialog(key, done, onThis) {
	const text = words.rotate;
	const leaked = key.status === 'EXPOSED';
	const isOwn = isSelf(key.id);
	const days = lifetimeOf(key);
	const consequence = h('div', { 'aria-live': 'polite' });
	const choice = offer(h('select', { change: () => explain() }), text.grace);
	const older = key.previousValueValidUntil;
	const unseen = h('input', { type: 'checkbox', change: () => explain() });
	const fields = h('fieldset.stack',
		leaked ? h('p', text.leaked) : h('label.pick', text.legend, choice),
		older && h('label.choice', unseen, text.unseen),
		consequence);
	const grace = () => Number(choice.value);
	function explain() {
		choice.disabled = unseen.checked;
		const isAtOnce = unseen.checked || !grace();
		fill(consequence,
			h('p', isAtOnce ? text.atOnce : text.until(atTime(Date.now() + grace() * 1000)), isAtOnce && isOwn && h('strong', text.selfAtOnce)),
			older && h('p', text.older(atTime(older), unseen.checked)),
			!key.expiresAt && days && h('p', text.lives(days)));
	}

	choice.value = leaked ? 0 : USUAL_SECONDS;
	explain();
	askAbout(key, 'rotate', {
		about: [lastUse(key), older && oldUse(key)],
		fields,
		kind: 'primary',
		perform: onThis(async (slot, close) => {
			const leave = () => {
				close();
				done();
			};
			const inDoubt = isOwn ? { reason: 'lost' } : { doubt: [nameOf(key), ` (${key.id})`] };
			const body = unseen.checked ? { keepPrevious: true } : { gracePeriodSeconds: grace() };
			const { value, release, ...rotated } = await issue(`/${key.id}/rotate`, body, slot, fields, leave, { etag: key.etag, ...inDoubt });
			if (isOwn) keep(rotated, value);
			showValue(text.done(nameOf(key)), { ...rotated, value, release }, () => done(rotated));
		}),
	});
}

function deleteDialog(key, done) {
	const text = words.delete;
	const expected = key.id.slice(-TYPED);
	const input = h('input', { autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false' });
	const end = field('end', { input, required: true, read: () => input.value.trim(), part: () => ({ label: text.this }) });
	askAbout(key, 'delete', {
		about: [
			h('p', userOf(key), h('code.sub', key.id.slice(0, -TYPED), h('strong', expected))),
			lastUse(key),
			key.operations.includes('AUTHENTICATION') && h('p', text.manager),
		],
		fields: end.element,
		perform: async () => {
			if (end.show(end.read() === expected ? [] : [{ field: 'end', message: text.other(expected) }])) {
				end.focus();
				return false;
			}
			await change(key, 'delete', 'DELETE', {});
			done();
			showDone(key, 'delete');
		},
	});
}
