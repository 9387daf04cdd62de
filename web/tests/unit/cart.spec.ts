import { expect, test } from '@playwright/test';
import type { Day, Price, Product, Unit } from '../../src/lib/api/types';
import {
	Attempts,
	checkContact,
	mostPeople,
	peopleIn,
	pricedUnits,
	shelfmarksIn,
	tooManyCompanions,
	totalCents,
	unaccompanied
} from '../../src/lib/venue/cart';

const both = (text: string) => ({ it: text, en: text });
const unit = (id: string, price_cents: number, company: Partial<Unit> = {}): Unit => ({
	id,
	kind: 'OTHER',
	name: both(id),
	price_cents,
	reason: both('by the tariff'),
	show: null,
	accompanied_by: [],
	companion_of: [],
	is_usual: true,
	...company
});
const units = [
	unit('adult', 1000),
	unit('youth', 200),
	unit('child', 0, { accompanied_by: ['adult', 'youth'] }),
	unit('disabled', 0, { is_usual: false }),
	unit('companion', 0, { companion_of: ['disabled'], is_usual: false })
];
const product: Product = {
	id: 'admission',
	name: both('Admission'),
	pass: null,
	slot_minutes: 60,
	groups: null,
	on_sales: [],
	max_units: 10,
	person_limit: null,
	pieces_max: 2,
	minimum: null,
	options: [
		{
			id: 'standard',
			name: both('Standard'),
			tariffs: [
				{ from: null, to: '2026-12-31', units },
				{ from: '2027-01-01', to: null, units: [unit('adult', 1200)] }
			]
		}
	]
};
const price = (price_cents: number, reason: string, components: Price['components'] = []): Price => ({
	option_id: 'standard',
	unit_id: 'adult',
	price_cents,
	components,
	reason: both(reason),
	show: null
});
const on = (date: string, prices: Price[]): Day => ({
	date,
	status: 'AVAILABLE',
	note: null,
	prices,
	slots: []
});
const freeSunday = on('2026-12-06', [price(0, 'first Sunday')]);

test('a child alone is told to bring an adult or a youth', () => {
	const priced = pricedUnits(product, null);
	expect(unaccompanied(priced, { child: 1 }).map(({ id }) => id)).toEqual(['child']);
	expect(unaccompanied(priced, { child: 1, youth: 1 })).toEqual([]);
	expect(unaccompanied(priced, { adult: 0, child: 0 })).toEqual([]);
});

test('the price of the day replaces the usual price, with its reason', () => {
	const quantities = { adult: 2, child: 1 };
	expect(totalCents(pricedUnits(product, null), quantities)).toBe(2000);
	const sunday = pricedUnits(product, freeSunday);
	expect(totalCents(sunday, quantities)).toBe(0);
	expect(sunday[0]?.reason.en).toBe('first Sunday');
});

test('a companion comes with whom they accompany, one with each', () => {
	const priced = pricedUnits(product, null);
	const wrong = (quantities: Record<string, number>) => tooManyCompanions(priced, quantities).length;
	expect(wrong({ companion: 1, adult: 1 })).toBe(1);
	expect(wrong({ companion: 2, disabled: 1 })).toBe(1);
	expect(wrong({ companion: 1, disabled: 1 })).toBe(0);
	expect(wrong({ disabled: 2 })).toBe(0);
});

test('the tariff of the day decides who can be chosen, and nobody else is counted', () => {
	const newYear = pricedUnits(product, on('2027-01-01', [price(1300, 'by the tariff')]));
	expect(newYear.map(({ unit: { id }, price_cents }) => [id, price_cents])).toEqual([['adult', 1300]]);
	expect(peopleIn(newYear, { adult: 1, youth: 2 })).toBe(1);
	expect(pricedUnits(product, on('2026-12-31', []))).toHaveLength(units.length);
});

test('a booking is bounded by the product and by the places left', () => {
	const slot = { id: 's', start: '', end: '', status: 'LIMITED' as const, vacancies: 3, capacity: 20 };
	expect(mostPeople(product, slot)).toBe(3);
	expect(mostPeople(product, { ...slot, vacancies: 18 })).toBe(10);
	expect(mostPeople(product, null)).toBe(10);
});

test('each line that says something is a shelfmark', () => {
	expect(shelfmarksIn(' ms. 1 \n\nNotai, b. 4\r\n')).toEqual(['ms. 1', 'Notai, b. 4']);
	expect(shelfmarksIn('')).toEqual([]);
});

test('the same booking sent again keeps its uuid, a changed one gets another', () => {
	let made = 0;
	const attempts = new Attempts(() => `uuid-${++made}`);
	const request = {
		venue_id: '20240',
		product_id: 'admission',
		option_id: 'standard',
		slot_id: '2026-11-24T10:00',
		units: [{ unit_id: 'adult', quantity: 1 }],
		contact: { full_name: 'A', email: 'a@b.it' },
		locale: 'it' as const
	};
	expect(attempts.uuidFor(request)).toBe('uuid-1');
	expect(attempts.uuidFor({ ...request })).toBe('uuid-1');
	expect(attempts.uuidFor({ ...request, slot_id: '2026-11-24T11:00' })).toBe('uuid-2');
});

test('a contact needs a name and a whole e-mail address; the phone may be empty', () => {
	expect(checkContact({ full_name: ' ', email: 'a@b', phone: '' })).toEqual({ full_name: true, email: true });
	expect(checkContact({ full_name: 'Visitatore', email: 'a@b.it', phone: '+39 055 123456' })).toEqual({});
	expect(checkContact({ full_name: 'Visitatore', email: 'a@b.it', phone: 'casa' })).toEqual({ phone: true });
});
