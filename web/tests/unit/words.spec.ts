import { expect, test } from '@playwright/test';
import type { Venue } from '../../src/lib/api/types';
import { matching, noFilter } from '../../src/lib/find/filter';
import { addDays, clock, romeDay, romeInstant, romeLocal, timeLeft } from '../../src/lib/format';
import { booking } from '../../src/lib/i18n/booking';
import { campaigns } from '../../src/lib/i18n/campaigns';
import { common } from '../../src/lib/i18n/common';
import { dashboard } from '../../src/lib/i18n/dashboard';
import { desk } from '../../src/lib/i18n/desk';
import { exchange } from '../../src/lib/i18n/exchange';
import { find } from '../../src/lib/i18n/find';
import { gate } from '../../src/lib/i18n/gate';
import { groups } from '../../src/lib/i18n/groups';
import { members } from '../../src/lib/i18n/members';
import { offer } from '../../src/lib/i18n/offer';
import { order } from '../../src/lib/i18n/order';
import { portal } from '../../src/lib/i18n/portal';
import { problems } from '../../src/lib/i18n/problems';
import { product } from '../../src/lib/i18n/product';
import { refunds } from '../../src/lib/i18n/refunds';
import { resellers } from '../../src/lib/i18n/resellers';
import { tariffs } from '../../src/lib/i18n/tariffs';
import { templates } from '../../src/lib/i18n/templates';
import { venue } from '../../src/lib/i18n/venue';
import { waiting } from '../../src/lib/i18n/waiting';
import { webhooks } from '../../src/lib/i18n/webhooks';
import { addMonths, lastDay, takesWaiting, weeksOf } from '../../src/lib/venue/calendar';

const place = (name: string, municipality: string, more: Partial<Venue> = {}): Venue => ({
	id: name,
	name,
	kind: 'MUSEUM',
	category: null,
	municipality,
	region: 'Basilicata',
	latitude: 0,
	longitude: 0,
	full_price_cents: 0,
	currency: 'EUR',
	annual_visitors: null,
	hours: 'OWN',
	website: null,
	...more
});

test('a search forgives accents, case, apostrophes and the order of words', () => {
	const venues = [place("Museo dell'Alta Val d'Agri", 'Grumento Nova'), place('Città antica', 'Matera')];
	const search = (words: string) => matching(venues, { ...noFilter, words }).map(({ name }) => name);
	expect(search('CITTA')).toEqual(['Città antica']);
	expect(search('matera antica')).toEqual(['Città antica']);
	expect(search('val d’agri')).toEqual(["Museo dell'Alta Val d'Agri"]);
	expect(search('')).toHaveLength(2);
});

test('free and paid venues are told apart by the full price', () => {
	const venues = [place('Gratis', 'X'), place('Caro', 'X', { full_price_cents: 500 })];
	expect(matching(venues, { ...noFilter, price: 'paid' }).map(({ name }) => name)).toEqual(['Caro']);
	expect(matching(venues, { ...noFilter, price: 'free' }).map(({ name }) => name)).toEqual(['Gratis']);
});

test('every message has the same holes and plurals in both languages', () => {
	const all = {
		...common,
		...find,
		...venue,
		...waiting,
		...booking,
		...exchange,
		...gate,
		...groups,
		...members,
		...dashboard,
		...offer,
		...order,
		...portal,
		...product,
		...desk,
		...campaigns,
		...refunds,
		...resellers,
		...tariffs,
		...templates,
		...webhooks,
		...problems
	};
	const holes = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();
	for (const [key, { it, en }] of Object.entries(all)) {
		expect(holes(it), key).toEqual(holes(en));
		expect(it.split('|').length, key).toBe(en.split('|').length);
	}
});

test('days follow Rome and survive the change of the hour', () => {
	expect(romeDay(Date.parse('2026-06-30T22:30:00Z'))).toBe('2026-07-01');
	expect(addDays('2026-10-24', 2)).toBe('2026-10-26');
	expect(clock('2026-11-24T09:00:00Z')).toBe('10:00');
	expect(clock('2026-11-24T10:00')).toBe('10:00');
	// Summer and winter, the hour that comes twice and the one that is left out.
	expect(romeInstant('2027-06-01T10:00')).toBe('2027-06-01T08:00:00Z');
	expect(romeInstant('2027-01-01T10:00')).toBe('2027-01-01T09:00:00Z');
	expect(romeInstant('2026-10-25T02:30')).toBe('2026-10-25T00:30:00Z');
	expect(romeLocal(romeInstant('2027-03-28T02:30'))).toBe('2027-03-28T03:30');
	expect(romeLocal('2027-06-01T08:00:30Z')).toBe('2027-06-01T10:00');
	expect(timeLeft(899_400)).toBe('15:00');
	expect(timeLeft(-5)).toBe('0:00');
});

test('one waits for places of a time that is sold out and has not started', () => {
	const start = '2026-11-24T11:00:00Z';
	const slot = { id: '2026-11-24T12:00', start, end: '2026-11-24T12:00:00Z', vacancies: 0, capacity: 10 };
	const before = Date.parse(start) - 1;
	expect(takesWaiting({ ...slot, status: 'SOLD_OUT' }, before)).toBe(true);
	expect(takesWaiting({ ...slot, status: 'SOLD_OUT' }, before + 1)).toBe(false);
	expect(takesWaiting({ ...slot, status: 'LIMITED' }, before)).toBe(false);
	expect(takesWaiting({ ...slot, status: 'CLOSED' }, before)).toBe(false);
});

test('a month is drawn in whole weeks from Monday', () => {
	const weeks = weeksOf('2026-11');
	expect(weeks[0]).toEqual([null, null, null, null, null, null, '2026-11-01']);
	expect(weeks.every((week) => week.length === 7)).toBe(true);
	expect(lastDay('2028-02')).toBe('2028-02-29');
	expect(addMonths('2026-12', 1)).toBe('2027-01');
});
