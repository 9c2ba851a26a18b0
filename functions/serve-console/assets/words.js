// All that people read. Another language is another such file.

const some = (count, one, many) => `${count} ${count === '1' ? one : many}`;
const FAILS = 'It fails from the next request on';
const WITH = 'the key that you were signed in with.';
const OUT = 'You were signed out: your key';
const OWN = 'You are signed in with it: you will be signed out';
const ENDS = 'disabled, expired, exposed, rotated or deleted, or the account is suspended';
const LOST = 'This was done, but its answer was lost, ';
const UNKNOWN = 'It is unknown whether ';
const HELP = 'If no other manager is left, ask an operator of this service.';

export const words = {
	locale: 'en-GB', product: 'API keys', nav: 'Main',
	views: [['#/', 'Keys'], ['#/events', 'Events'], ['#/usage', 'Usage']],
	show: 'Show', more: 'Show more', signOut: 'Sign out', waiting: 'Waiting for the answer…',
	wait: 'Wait for the answer.', close: 'Close', cancel: 'Cancel', none: 'none', never: 'never', anywhere: 'anywhere',
	unnamed: 'Unnamed key', yourKey: 'your key', readsOnly: ' · reads only',
	list: (items) => items.join(', '),
	user: (name, id) => [name, ' (', id, ')'],
	limit: (requests, per) => `${requests} ${words.form.per[per] ?? per}`,
	left: (requests) => ` (at least ${requests} left)`,
	inForce: (limits) => ` (in force: ${limits})`,
	lastUsed: (what, ago, time) => `${what} was last used ${ago}, on ${time}.`,
	it: 'It', neverUsed: 'It has never been used.',
	status: { ACTIVE: 'Active', DISABLED: 'Disabled', EXPIRED: 'Expired', EXPOSED: 'Exposed', SUSPENDED: 'Suspended' },

	tryAgain: 'Try again',
	offline: 'You are offline, so nothing was sent.',
	noAnswer: 'No answer came. Try again; doing this twice does no harm.',
	noReason: (status) => `It was refused without a reason (${status}).`,
	question: (action, name) => [action, ' “', name, '”?'],
	done: (name, did) => [name, ' is ', did, '.'],
	notKnown: (name, did) => [UNKNOWN, name, ' is ', did, '. '],
	overtaken: 'Nothing was done: this key was changed after you opened it. ',
	notDone: (name, did) => [name, ' was not ', did, '. '],
	did: { enable: 'enabled', disable: 'disabled', endOld: 'left with its new value', save: 'changed', delete: 'deleted' },
	tooMany: (seconds) => `Too many requests. Try again ${seconds ? `in ${seconds} seconds` : 'later'}.`,
	failed: 'The service could not do this just now. Nothing is wrong with your key.',
	requestId: 'Request ',
	wrong: (field, message) => `${field} ${message}.`,

	fields: {
		name: 'Name', description: 'Description', tags: 'Tags', owner: 'Owner', userId: 'User id of the owner',
		username: 'Name of the owner', operations: 'Operations', trafficType: 'Traffic type', enabled: 'Enabled',
		limits: 'Limits', allowedIps: 'Allowed addresses', expiresAt: 'Expires', lastUsedAt: 'Last used',
		createdAt: 'Created', createdBy: 'Created by', previousValueValidUntil: 'Old value until',
		externalId: 'Operator’s id of the account', maxKeys: 'Most keys', accountLimits: 'Limits of the account',
		maxKeyLifetimeDays: 'Longest lifetime in days',
		lifetimeExempt: 'Exempt from the longest lifetime',
		end: 'To confirm, type the last six characters of its id',
	},

	signIn: {
		title: 'Manage your API keys', label: 'Your key',
		hint: 'One with AUTHENTICATION, or AUTHENTICATION_READ. It is kept in memory alone, so a reload signs you out.',
		action: 'Sign in', empty: 'Enter the value of a key.',
		notLive: `This is not a live key. It may be mistyped, ${ENDS}.`,
		notManager: 'This key works, but it may not manage keys, nor read them.',
		wrongAddress: 'This key may not be used from your address.',
		doubt: (what) => [UNKNOWN, 'your last request was done: see the events of ', what, '.'],
		ended: {
			left: 'You are signed out.',
			revoked: `${OUT} no longer works. It is ${ENDS}.`,
			demoted: `${OUT} may not manage keys any more. ${HELP}`,
			unread: `${OUT} may not read keys any more.`,
			lost: `${OUT} was rotated, and the answer with its new value was lost. ${HELP}`,
			disabled: `You disabled ${WITH} ${HELP}`,
			deleted: `You deleted ${WITH}`,
		},
	},

	keys: {
		title: 'Keys', search: 'Search', searchHint: 'All of these words, or a value',
		filters: { status: 'Status', operation: 'Operation', unusedSince: 'Not used for', expiresBefore: 'Expired, or will in', exceedsLifetime: 'Longest lifetime' },
		typed: { assignedTo: ['Owner’s id', 'user-1'], tag: ['Tag', 'team=blue'] },
		any: 'Any',
		exceedsLifetime: { true: 'Exceeded' },
		days: { 7: '7 days', 30: '30 days', 90: '90 days', 365: '365 days' },
		columns: ['Name', 'Owner', 'Status', 'Operations', 'Limits', 'Expires', 'Last used', 'Created'],
		count: (shown, matching, loaded, complete) =>
			(shown === matching ? '' : `${shown} of `) + some(matching, 'key', 'keys') +
			(complete ? '' : ` among the newest ${loaded}; there are more`),
		quota: (count, most) => `${count} of ${most} in use`,
		together: (limits) => ` · all keys together: ${limits}`,
		refresh: 'Refresh', nothing: 'No key matches.',
		nothingYet: 'No loaded key matches. Show more looks further.',
	},

	key: {
		title: 'Key', back: '← Keys', rotate: 'Rotate…', edit: 'Edit', like: 'New key like this', disable: 'Disable…',
		enable: 'Enable', delete: 'Delete…', unknown: 'No such key',
		meaning: {
			DISABLED: ['It is disabled, so it fails.', ' Enable it to bring it back.'],
			EXPIRED: ['It has expired, so it fails.', ' Edit it to give it more time.'],
			EXPOSED: ['Its value was found where others can read it, so it fails.', ' Rotate or delete it.'],
			SUSPENDED: ['Your account is suspended, so all of its keys fail.'],
		},
		endOld: 'End old value…',
	},

	form: {
		create: 'Create key', createTitle: 'New key', editTitle: 'Edit key', save: 'Save changes',
		copyOf: (name) => `${name} copy`,
		leftOut: (operations) => `Left out, as your key lacks them: ${operations}.`,
		means: { AUTHENTICATION: 'can manage keys, as yours can', AUTHENTICATION_READ: 'sees all keys, events and usage' },
		required: ' (required)', leaveTitle: 'Leave this form?', leaveText: 'What is not saved is lost then.',
		leave: 'Leave',
		onTop: 'Save again to put your changes on top.',
		usual: 'The usual one', twice: 'must not be given twice',
		ownLine: 'needs a line of its own, such as team=blue',
		notWhole: 'needs a whole number, such as 1000 or 1,000',
		hint: {
			tags: 'One a line, such as team=blue. Services get them; they grant nothing.',
			limits: 'Requests in each period, up to three.',
			allowedIps: 'One a line, such as 203.0.113.0/24; empty for anywhere.',
		},
		expiry: {
			choices: { 7: 'In 7 days', 30: 'In 30 days', 90: 'In 90 days', 365: 'In 365 days', latest: 'As late as possible', date: 'On a date', never: 'Never', keep: 'As it is' },
			lastDay: 'Last day',
			tooLate: (time) => `must be ${time} at the latest`,
			longest: (days) => `A value lives for at most ${days} days.`,
			rotateFirst: ' Rotate the key first to give it more.',
			noDay: 'needs a last day, such as 30 June 2027',
			until: (time) => `It works until ${time}.`,
			forever: 'It works until a manager ends it.',
		},
		per: { MINUTE: 'a minute', HOUR: 'an hour', DAY: 'a day', MONTH: 'a month' },
	},

	issue: {
		unsure: `${UNKNOWN}this was done. Ask again: it is done once. If you leave it and it was done, the value is lost.`,
		again: 'Ask again', leave: 'Leave it', open: 'Open the key',
		without: `${LOST}and the value with it. `,
		overtaken: `${LOST}and the key got another value since. `,
	},

	ownKey: {
		title: 'Shut yourself out?', yours: 'You are signed in with this key.',
		operations: 'It can manage no keys then, nor undo this.',
		expiresAt: 'It fails then, unless a manager gives it more time.',
		allowedIps: 'It fails then from any other address, also from yours if that changes.',
		help: HELP,
		action: 'Save all the same',
	},

	value: {
		title: (name) => [name, ' is ready'],
		once: 'It is shown this one time: only its hash is stored.',
		label: 'Value', copy: 'Copy', copied: 'Copied.',
		notCopied: 'Not copied: the browser refused. Press Ctrl+C or ⌘C.',
		use: 'To try it:',
		example: (url) => `read -rs API_KEY   # paste it, press Enter\ncurl -H "X-API-Key: $API_KEY" ${url}/self`,
		done: 'Done',
		leaving: 'You have not copied the value here. It cannot be shown again.',
		back: 'Back to the value', leave: 'I have it, close',
	},

	disable: {
		consequence: `${FAILS}, until you enable it again.`,
		self: `${OWN}, and cannot enable it again.`,
		action: 'Disable',
	},

	endOld: {
		title: 'End the old value of',
		consequence: `${FAILS}.`,
		self: 'If you signed in with the old value, you will be signed out.',
		it: 'The old value', unused: 'The old value was not used since.', action: 'End old value',
	},

	rotate: {
		legend: 'The present value works for another',
		grace: { 0: 'no time', 900: '15 minutes', 3600: '1 hour', 86400: '24 hours', 604800: '7 days' },
		unseen: 'The present value was lost',
		older: (time, isKept) => (isKept ? `The old value works until ${time}.` : `The old value, which works until ${time}, fails at once.`),
		atOnce: 'The present value fails on its next request.',
		selfAtOnce: ' You are signed in with it: if the answer is lost, so is your way in.',
		until: (time) => `The present value fails after ${time}.`,
		leaked: 'Its value was exposed, so it gets no more time.',
		action: 'Rotate',
		lives: (days) => `The new value lives for ${days} days.`,
		done: (name) => [name, ' has a new value'],
	},

	delete: {
		consequence: `${FAILS}, for good.`,
		manager: `It can manage keys. ${HELP}`,
		self: `${OWN}.`,
		this: 'This',
		other: (expected) => `is something else. Type ${expected}`,
		action: 'Delete',
	},

	events: {
		title: 'Events',
		of: { keyId: 'Changes to this key', actorKeyId: 'Changes made with this key' },
		columns: ['When', 'What', 'Key', 'By', 'From', 'Changes'],
		none: 'Nothing yet.',
		report: ({ verified, source, url }) =>
			(verified ? ['GitHub found its value', source, url].filter(Boolean).join(', ') : 'An unsigned report had its value.'),
		ends: (days, time) => (days ? `${some(String(days), 'day', 'days')} left, until ${time}` : time),
		fields: (count) => `${count} fields`,
		type: (type) => type.replace(/^key\./, '').replace('.', ' ').replace(/^./, (letter) => letter.toUpperCase()),
		actor: { OPERATOR: 'Operator', REPORT: 'Leak report', SERVICE: 'This service' },
		claimed: (name) => ['unverified: ', name],
	},

	usage: {
		title: 'Usage',
		period: { month: '30 days', day: '24 hours', week: '7 days', year: '365 days' },
		verdict: { allowed: 'Allowed', limited: 'Limited', denied: 'Denied' },
		total: (count, verdict) => `${count} ${words.usage.verdict[verdict].toLowerCase()}`,
		chart: (totals) => `Requests: ${totals}`,
		nothing: 'No requests in this time. ',
		late: 'Times are UTC. The last minutes may be missing.',
		asTable: 'As a table',
		time: { day: 'Day', hour: 'Hour' },
	},
};
