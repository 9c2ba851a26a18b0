// The fields of forms, and where errors stand.

import { account } from './api.js';
import { atTime, DAY, fill, h, inFull, inWords, named, newId, offer } from './parts.js';
import { words } from './words.js';

const USUAL_DAYS = 90;
const LEEWAY = 300_000;
const PERIODS = Object.keys(words.form.per);
// Digits, or groups of three.
const WHOLE = /^(\d{1,15}|[1-9]\d{0,2}(?:([ .,_'’])\d{3})(?:\2\d{3}){0,3})$/;
const ANOTHER_TAG = /[,;\s]\s*[A-Za-z][\w.-]*\s*=/;

/** What people write for each other. */
export const TEXTS = { name: 'input', description: 'textarea' };

export const textsOf = (key) => Object.fromEntries(Object.keys(TEXTS).map((name) => [name, key[name]]));

export const tagsOf = (key) => Object.entries(key.tags).map((tag) => tag.join('='));

export function field(name, /** @type {Field} */ { input, group, inputs = [input], required, read, part, check = () => [] }) {
	const label = words.fields[name];
	const [wrongId, hintId] = [newId(), newId()];
	const hint = words.form.hint[name];
	const wrong = h('ul.wrong', { id: wrongId });
	const rest = [hint && h('p.hint', { id: hintId }, hint), wrong];
	const title = [label, required && h('span.hint', words.form.required)];
	const described = hint ? `${wrongId} ${hintId}` : wrongId;
	const element = input
		? h('div.field', h('label', { for: (input.id = newId()) }, title), input, rest)
		: h('fieldset', { 'aria-describedby': described }, h('legend', title), group, rest);
	for (const each of inputs) each.setAttribute('aria-describedby', input ? described : wrongId);
	if (input && required) input.required = true;
	let invalid = [];

	function show(errors) {
		const mine = errors.filter((error) => error.field.split(/[[.]/)[0] === name);
		const parts = mine.map(({ field }) => part?.(/\[(\d+)\]/.exec(field)?.[1] ?? field.slice(name.length + 1)));
		invalid = parts.map((one) => one?.input ?? inputs[0]);
		for (const each of inputs) each.ariaInvalid = invalid.includes(each) ? 'true' : null;
		fill(wrong, mine.map(({ message }, at) => h('li', words.wrong(parts[at]?.label || label, inWords(message)))));
		return mine.length > 0;
	}
	return { name, element, read, check, show, focus: () => (invalid[0] ?? inputs[0]).focus() };
}

export function text(name, value, /** @type {any} */ { tag = 'input', required } = {}) {
	const input = h(tag, { value: value ?? '', autocomplete: 'off', dir: 'auto' });
	return field(name, { input, required, read: () => input.value.trim() || null });
}

export function operations(chosen) {
	const boxes = account().grantableOperations.map((value) => h('input', { type: 'checkbox', value, checked: chosen.includes(value) }));
	const checked = () => boxes.filter((box) => box.checked);
	const read = () => checked().map((box) => box.value);
	const group = h('div.choices', boxes.map((box) =>
		h('label.choice', box, box.value, words.form.means[box.value] && h('span.hint', words.form.means[box.value]))));
	return field('operations', { group, inputs: boxes, required: true, read, part: (at) => at && { label: read()[at], input: checked()[at] } });
}

/** For how many days its value lives, if it has to end. */
export const lifetimeOf = (key) => !key?.lifetimeExempt && account().maxKeyLifetimeDays;

export function expiry(edited) {
	const texts = words.form.expiry;
	const days = lifetimeOf(edited);
	const latest = days ? (Date.parse(edited?.valueCreatedAt) || Date.now()) + days * DAY : Infinity;
	const left = latest - Date.now();
	const consequence = h('p.hint', { 'aria-live': 'polite' });
	const choice = h('select', { 'aria-label': words.fields.expiresAt, change: explain });
	const date = h('input', { type: 'date', 'aria-label': texts.lastDay, input: explain });
	const isDate = () => choice.value === 'date';
	function read() {
		if (choice.value === 'keep') return edited?.expiresAt;
		if (choice.value === 'never') return null;
		// To the end of that day, on the reader's clock, which may be ahead of the API's.
		const end = new Date(
			isDate() ? `${date.value}T23:59:59`
			: choice.value === 'latest' ? latest - LEEWAY
			: chosen + choice.value * DAY);
		return Number.isNaN(Number(end)) ? '' : end.toISOString();
	}
	let chosen;
	function explain() {
		chosen = Date.now();
		date.hidden = !isDate();
		fill(consequence, read() === null ? texts.forever : read() && texts.until(inFull(read())));
	}
	function check() {
		const message = isDate() && (read() ? Date.parse(read()) > latest && texts.tooLate(atTime(latest)) : texts.noDay);
		return message ? [{ field: 'expiresAt', message }] : [];
	}
	const open = { latest: days && left > LEEWAY, date: true, never: !days, keep: edited };
	offer(choice, Object.fromEntries(Object.entries(texts.choices).filter(([name]) => open[name] ?? Number(name) * DAY < left)));
	choice.value = edited ? 'keep' : USUAL_DAYS;
	choice.value ||= 'latest';
	explain();
	return field('expiresAt', {
		group: [choice, date, consequence, days && h('p.hint', texts.longest(days), edited && texts.rotateFirst)],
		inputs: [choice, date],
		read,
		check,
		part: () => ({ input: isDate() ? date : choice }),
	});
}

export function limits(given) {
	const inputs = PERIODS.map((per) => h('input', {
		inputmode: 'numeric', value: given.find((limit) => limit.per === per)?.requests ?? '',
	}));
	// No exponents or fractions.
	const typed = ({ value }) => (/\p{No}/u.test(value) ? value : value.normalize('NFKC')).replace(/\s/g, ' ').trim();
	const written = () => inputs.filter(typed);
	const perOf = (input) => PERIODS[inputs.indexOf(input)];
	const read = () => {
		const all = written().map((input) => ({ requests: Number(typed(input).replace(/\D/g, '')), per: perOf(input) }));
		return all.length > 0 ? all : null;
	};
	return field('limits', {
		group: h('div.limits', PERIODS.map((per, at) => h('label', inputs[at], words.form.per[per]))),
		inputs,
		read,
		check: () => written().flatMap((input, at) => (WHOLE.test(typed(input)) ? [] : [{ field: `limits[${at}]`, message: words.form.notWhole }])),
		part: (at) => at && { label: words.form.per[perOf(written()[at])], input: written()[at] },
	});
}

export function addresses(given) {
	const input = h('textarea', { value: given.join('\n') });
	const lines = () => input.value.replace(/\s*\/\s*/g, '/').split(/[\s,;]+/).filter(Boolean);
	return field('allowedIps', {
		input,
		read: () => (lines().length > 0 ? lines() : null),
		part: (at) => at && { label: lines()[at] },
	});
}

export function trafficType(present = '') {
	const types = named(account().trafficTypes);
	const input = offer(h('select'), present ? types : { '': words.form.usual, ...types });
	input.value = present;
	return field('trafficType', { input, read: () => input.value || null });
}

export function tags(key) {
	const input = h('textarea', { value: tagsOf(key).join('\n'), dir: 'auto' });
	const lines = () => input.value.split('\n').filter((line) => line.trim()).map((line) => {
		const [name, ...text] = line.split('=');
		return [name.trim(), text.join('=').trim()];
	});
	const check = () => lines().flatMap(([name, text], at, all) => {
		const isTwice = all.findIndex(([other]) => other === name) < at;
		const message = isTwice ? words.form.twice : ANOTHER_TAG.test(text) && key.tags[name] !== text && words.form.ownLine;
		return message ? [{ field: `tags.${name}`, message }] : [];
	});
	return field('tags', { input, read: () => Object.fromEntries(lines().sort()), check, part: (label) => ({ label }) });
}
