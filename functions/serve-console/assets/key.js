// One key: what it is, how it is used, what became of it, and what may be done with it.

import { call, isSelf, keep } from './api.js';
import { deleteDialog } from './delete.js';
import { fill, h } from './dom.js';
import { eventsSection } from './events.js';
import { textsOf } from './fields.js';
import { inFull } from './format.js';
import { dropKey, putKey } from './keys.js';
import { ask, attempt, badge, button, heading, lastUse, limitsText, load, mark, moment, nameOf } from './parts.js';
import { rotateDialog } from './rotate.js';
import { usageSection } from './usage.js';
import { words } from './words.js';

const text = words.key;

export function keyView({ signal, id }) {
	const path = `/${id}`;
	const [top, usage, events, sparkline] = [h('div.stack'), h('div'), h('div'), h('div.spark')];
	const patch = (enabled) => call('PATCH', path, { body: { enabled } });

	function show(key) {
		putKey(key);
		if (isSelf(key.id)) keep(key);
		fill(events, eventsSection(key.id, signal));
		return [headline(key), facts(key)];
	}

	const changed = (key) => fill(top, show(key));

	function gone() {
		dropKey(id);
		location.hash = '#/';
	}

	const disable = (/** @type {Key} */ key) => ask({
		title: text.disableTitle(nameOf(key)),
		content: [h('p', text.disableText), lastUse(key), isSelf(key.id) && h('p.notice.warn', text.disableSelf)],
		action: text.disableAction,
		kind: 'danger',
		perform: async () => changed(await patch(false)),
	});

	function headline(/** @type {Key} */ key) {
		const slot = h('div');
		const enable = () => attempt(slot, async () => changed(await patch(true)));
		return [
			h('div.line', h('div', heading(text.title, nameOf(key), ' ', badge(key.status), mark(key)), h('code.sub', key.id)), sparkline),
			text.meaning[key.status] && h('p.notice.warn', text.meaning[key.status]),
			slot,
			h('div.actions',
				['ACTIVE', 'EXPOSED'].includes(key.status) && button(text.rotate, () => rotateDialog(key, changed)),
				h('a.button', { href: `#/edit/${id}` }, text.edit),
				h('a.button', { href: `#/new/${id}` }, text.like),
				key.enabled && button(text.disable, () => disable(key)),
				!key.enabled && key.status !== 'EXPOSED' && button(text.enable, enable),
				button(text.delete, () => deleteDialog(key, gone), 'danger')),
		];
	}

	load(top, async () => {
		const key = await call('GET', path, { signal });
		fill(usage, usageSection(`${path}/usage`, signal, sparkline));
		return show(key);
	}, {
		404: () => {
			// Its events may still be there.
			fill(events, eventsSection(id, signal));
			return [heading(text.unknown), h('p', text.unknownText), h('code.sub', id)];
		},
	});
	return [h('a', { href: '#/' }, text.back), top, usage, events];
}

function facts(/** @type {Key} */ key) {
	const inForce = limitsText(key.effectiveLimits);
	const exactly = (date) => [moment(date), date && h('span.sub', inFull(date))];
	// The name is in the headline.
	const { name, ...texts } = textsOf(key);
	const values = {
		...texts,
		owner: words.user(key.username, key.userId),
		operations: words.list(key.operations),
		trafficType: key.trafficType,
		limits: [limitsText(key.limits), inForce !== limitsText(key.limits) && words.inForce(inForce)],
		allowedIps: key.allowedIps ? h('ul', key.allowedIps.map((range) => h('li', h('code', range)))) : words.anywhere,
		expiresAt: exactly(key.expiresAt),
		lastUsedAt: exactly(key.lastUsedAt),
		createdAt: exactly(key.createdAt),
		createdBy: key.createdByKeyId ? h('a', { href: `#/key/${key.createdByKeyId}` }, key.createdBy) : key.createdBy,
	};
	return h('dl.facts', Object.entries(values).filter(([, value]) => value).map(([name, value]) =>
		h('div', h('dt', words.fields[name]), h('dd', value))));
}
