// The words of the pages in Italian and English, and the choice between them. Italian unless the
// visitor chose English before; the choice is kept on this device only.

import type { Language } from '../format';
import type { Text } from '../api/types';
import { booking } from './booking';
import { campaigns } from './campaigns';
import { common } from './common';
import { dashboard } from './dashboard';
import { desk } from './desk';
import { devices } from './devices';
import { exchange } from './exchange';
import { find } from './find';
import { gate } from './gate';
import { groups } from './groups';
import { line } from './line';
import { members } from './members';
import { offer } from './offer';
import { order } from './order';
import { privacy } from './privacy';
import { problems } from './problems';
import { portal } from './portal';
import { product } from './product';
import { refunds } from './refunds';
import { resellers } from './resellers';
import { tariffs } from './tariffs';
import { templates } from './templates';
import { venue } from './venue';
import { waiting } from './waiting';
import { webhooks } from './webhooks';
import { windowWords } from './window';

const messages = {
	...common,
	...find,
	...venue,
	...waiting,
	...booking,
	...exchange,
	...gate,
	...groups,
	...line,
	...members,
	...dashboard,
	...offer,
	...order,
	...desk,
	...devices,
	...privacy,
	...portal,
	...product,
	...campaigns,
	...refunds,
	...resellers,
	...tariffs,
	...templates,
	...webhooks,
	...windowWords,
	...problems
};
export type Key = keyof typeof messages;

const REMEMBERED = 'atrio.language';

function remembered(): Language {
	try {
		return localStorage.getItem(REMEMBERED) === 'en' ? 'en' : 'it';
	} catch {
		// A browser that forbids storage still gets its pages.
		return 'it';
	}
}

let current = $state<Language>(remembered());

export function language(): Language {
	return current;
}

export function chooseLanguage(chosen: Language) {
	current = chosen;
	try {
		localStorage.setItem(REMEMBERED, chosen);
	} catch {
		// As above: the choice then lasts until the page is left.
	}
}

type Values = Record<string, string | number>;

function fill(message: string, values: Values): string {
	return message.replace(/\{(\w+)\}/g, (hole, name: string) => String(values[name] ?? hole));
}

/** The message named `key`, with `{name}` holes filled. */
export function t(key: Key, values: Values = {}): string {
	return fill(messages[key][current], values);
}

/** A message written as `singular|plural`, chosen by `n`, which also fills `{n}`. */
export function tn(key: Key, n: number, values: Values = {}): string {
	const [one = '', many = one] = messages[key][current].split('|');
	return fill(n === 1 ? one : many, { n, ...values });
}

export function hasMessage(key: string): key is Key {
	return key in messages;
}

/** A text that came with both languages from the API. */
export function say(text: Text | null | undefined): string {
	return text?.[current] ?? '';
}
