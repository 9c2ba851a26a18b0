// Times and numbers as text.

import { words } from './words.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

const whole = new Intl.NumberFormat(words.locale);
const relative = new Intl.RelativeTimeFormat(words.locale, { numeric: 'auto' });
const format = (/** @type {Intl.DateTimeFormatOptions} */ options) => {
	const formatter = new Intl.DateTimeFormat(words.locale, options);
	return (date) => formatter.format(new Date(date));
};

export const number = (value) => whole.format(value);

export const atTime = format({ dateStyle: 'medium', timeStyle: 'medium' });

export const inFull = format({
	weekday: 'long', day: 'numeric', month: 'long', year: 'numeric', hour: '2-digit', minute: '2-digit', timeZoneName: 'short',
});

// Usage is counted in UTC.
export const bucketTime = {
	day: format({ timeZone: 'UTC', day: 'numeric', month: 'short' }),
	hour: format({ timeZone: 'UTC', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' }),
};

export function fromNow(date) {
	const ahead = Number(new Date(date)) - Date.now();
	const size = Math.abs(ahead);
	/** @type {[Intl.RelativeTimeFormatUnit, number]} */
	const [unit, length] =
		size < 59_500 ? ['second', 1000]
		: size < 59.5 * MINUTE ? ['minute', MINUTE]
		: size < 23.5 * HOUR ? ['hour', HOUR]
		: size < 100 * DAY ? ['day', DAY]
		: ['month', 30.44 * DAY];
	return relative.format(Math.round(ahead / length), unit);
}
