// One key, and what may be done with it.

import { call } from './api.js';
import { eventsSection } from './events.js';
import { tagsOf, textsOf } from './fields.js';
import { noteKey } from './keys.js';
import {
	attempt, badge, bdi, button, fill, h, heading, lastUse, limitsText, linkTo, load as loadInto, mark, moment, nameOf, oldUse, userOf,
} from './parts.js';
import { askAbout, deleteDialog, rotateDialog } from './questions.js';
import { replace, thisView } from './scope.js';
import { usageSection } from './usage.js';
import { change } from './told.js';
import { words } from './words.js';

const text = words.key;

export function keyView(id) {
	const path = `/${id}`;
	const [top, usage, events] = [h('div.stack'), h('div'), h('div')];

	function show(key) {
		noteKey(id, key);
		fill(events, eventsSection(key.id));
		if (!usage.hasChildNodes()) fill(usage, usageSection(`${path}/usage`));
		return [headline(key), facts(key)];
	}

	const changed = (key) => fill(top, show(key));

	function showNone(problem) {
		if (problem.code !== 'NOT_FOUND') throw problem;
		noteKey(id);
		// Its events may still be there.
		fill(events, eventsSection(id));
		return [heading(text.unknown), h('code.sub', id)];
	}

	const load = (said = null) => loadInto(top, async () => [
		said && h('p.notice.warn', { role: 'alert' }, said),
		await call('GET', path).then(show, showNone),
	]);

	/** Works on the version that is shown, or shows the one that there is. */
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
			text.meaning[key.status] && h('p.notice.warn', text.meaning[key.status]),
			slot,
			h('div.actions',
				['ACTIVE', 'EXPOSED'].includes(key.status) && button(text.rotate, () => rotateDialog(key, (now) => (now ? changed(now) : load()), onThis)),
				key.previousValueValidUntil && button(text.endOld, () => askTo('endOld', key, oldUse(key), { previousValueValidUntil: null }, key.etag)),
				h('a.button', { href: `#/edit/${id}` }, text.edit),
				h('a.button', { href: `#/new/${id}` }, text.like),
				// It must win over whatever others write, so it names no version.
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
