import { expect, test } from '@playwright/test';
import type { ProductRules, TariffRules } from '../../src/lib/api/offer';
import { centsOf, euroText } from '../../src/lib/euro';
import { copyOf, draftOf } from '../../src/lib/offer/drafts';
import { idFrom, identify } from '../../src/lib/offer/names';
import { begunAs, countryName, rightOf, RIGHTS } from '../../src/lib/offer/rights';
import { placesOf, unreserved } from '../../src/lib/offer/shares';
import { addFrom, beginOn, nextMonth, takeAway } from '../../src/lib/offer/timeline';

const tariff = (from: string | null, to: string | null): TariffRules => ({ valid: { from, to }, units: [] });
const spans = (tariffs: TariffRules[]) => tariffs.map(({ valid }) => [valid.from, valid.to]);

test('tariffs follow each other without a gap and without a day in two, whatever is moved', () => {
	const tariffs = [tariff('2021-03-07', null)];
	addFrom(tariffs, '2027-03-01', []);
	addFrom(tariffs, '2028-01-01', []);
	expect(spans(tariffs)).toEqual([
		['2021-03-07', '2027-02-28'],
		['2027-03-01', '2027-12-31'],
		['2028-01-01', null]
	]);
	beginOn(tariffs, 1, '2027-06-15');
	expect(spans(tariffs).slice(0, 2)).toEqual([
		['2021-03-07', '2027-06-14'],
		['2027-06-15', '2027-12-31']
	]);
	takeAway(tariffs, 1);
	expect(spans(tariffs)).toEqual([
		['2021-03-07', '2027-12-31'],
		['2028-01-01', null]
	]);
	takeAway(tariffs, 0);
	expect(spans(tariffs)).toEqual([['2021-03-07', null]]);
});

test('prices change on the first of the next month unless somebody says otherwise', () => {
	expect(nextMonth('2026-11-24')).toBe('2026-12-01');
	expect(nextMonth('2026-12-31')).toBe('2027-01-01');
	expect(nextMonth('2028-02-01')).toBe('2028-03-01');
});

test('an amount is its cents, exactly, in both spellings', () => {
	for (const cents of [0, 5, 99, 100, 1235, 999_999]) {
		expect(centsOf(euroText(cents, 'it'))).toBe(cents);
		expect(centsOf(euroText(cents, 'en'))).toBe(cents);
	}
	expect(euroText(1235, 'it')).toBe('12,35');
	expect(euroText(5, 'en')).toBe('0.05');
	for (const wrong of ['', '12,345', '-1', '1.000,00', 'dieci']) expect(centsOf(wrong)).toBeNull();
});

test('an id follows from a name, and no two are alike', () => {
	expect(idFrom('Sala d’Été, piano 1', [])).toBe('sala-d-ete-piano-1');
	expect(idFrom('Sala', ['sala', 'sala-2'])).toBe('sala-3');
	expect(idFrom('…', [])).toBe('x');
	expect(idFrom('Sala delle statue', [], 10)).toBe('sala-delle');
	expect(idFrom('Sala delle statue', ['sala-delle'], 10)).toBe('sala-de-2');
	const known = { id: 'north', name: { it: 'Sala', en: 'Hall' } };
	const made = { id: '', name: { it: 'North', en: 'North' } };
	identify([known, made], new WeakSet([made]));
	expect([known.id, made.id]).toEqual(['north', 'north-2']);
});

test('shares of hundredths are rounded down, and what is left is for all', () => {
	const quota = (size: { places: number } | { percent: number }) => ({
		name: 'desk',
		channels: [],
		size,
		released_minutes_before: null,
		max_units: null
	});
	expect(placesOf(quota({ percent: 33 }), 10)).toBe(3);
	const product = { capacity: 10, quotas: [quota({ percent: 33 }), quota({ places: 8 })] };
	expect(unreserved(product as unknown as ProductRules)).toBe(-1);
});

const here = { venue_id: '20240', name: 'Museo', entries: { kind: 'TIMES' as const, times: 1 } };
const wanted = (kind: 'TIMES' | 'DAY' | 'PASS') => ({
	kind,
	name: { it: 'Tessera dei musei lucani', en: 'Card' },
	priceCents: 1800,
	source: 'delibera'
});

test('a new product has one price, and a pass ids so short that its code can be scanned', () => {
	const pass = draftOf(wanted('PASS'), ['tessera-dei-m'], here);
	const unit = pass.options[0]?.tariffs[0]?.units[0];
	expect(unit?.price_cents).toBe(1800);
	expect(pass.id.length + (unit?.id.length ?? 99)).toBeLessThanOrEqual(18);
	expect(pass.id).not.toBe('tessera-dei-m');
	expect([pass.availability_type, pass.pass?.opens]).toEqual(['OPENING_HOURS', [here]]);
	const visit = draftOf(wanted('TIMES'), [], here);
	expect([visit.availability_type, visit.pass]).toEqual(['START_TIME', undefined]);
});

test('a copy has prices and rules of the other product, and none of its sales', () => {
	const product = { ...draftOf(wanted('TIMES'), [], here), capacity: 77, on_sales: [{ id: 'x' }] } as unknown as ProductRules;
	const copy = copyOf(product, { ...wanted('DAY'), name: { it: 'Altra', en: 'Other' } }, [product.id]);
	expect(copy).toMatchObject({ id: 'altra', capacity: 77, on_sales: [], availability_type: 'OPENING_HOURS' });
	expect(copy.options).toEqual(product.options);
});

test('each kind of right is known by what is written of it, and a country by its letters', () => {
	expect(RIGHTS.map((right) => rightOf(begunAs(right)))).toEqual([...RIGHTS]);
	expect(countryName('CH')).toEqual({ it: 'Svizzera', en: 'Switzerland' });
	for (const none of ['', 'C', 'ch', 'QX']) expect(countryName(none)).toBeNull();
});
