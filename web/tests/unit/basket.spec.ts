import { expect, test } from '@playwright/test';
import { allCents, allPlaces, MOST_VISITS, remembered, whyNot, type Visit } from '../../src/lib/order/basket';

const visit = (venue_id: string, hour: number, quantity = 2): Visit => ({
	key: `${venue_id}-${hour}`,
	line: {
		venue_id,
		product_id: 'admission',
		option_id: 'standard',
		slot_id: `2026-11-27T${hour}:00`,
		units: [{ unit_id: 'adult', quantity }]
	},
	venue: { name: venue_id, municipality: 'Matera' },
	slotEnd: `2026-11-27T${hour + 1}:00:00Z`,
	units: [{ unit_id: 'adult', name: { it: 'Intero', en: 'Full' }, quantity, price_cents: 500 }]
});

test('a basket counts people and money over all its visits', () => {
	const visits = [visit('a', 10), visit('b', 11, 1)];
	expect([allPlaces(visits), allCents(visits)]).toEqual([3, 1500]);
});

test('a basket says why a visit does not go with the others', () => {
	const visits = [visit('a', 10), visit('b', 10)];
	expect(whyNot(visits, visit('a', 11))).toBeNull();
	expect(whyNot(visits, visit('a', 10, 1))).toBe('sameSlot');
	expect(whyNot(visits, visit('a', 11, 87))).toBe('tooMany');
	const full = Array.from({ length: MOST_VISITS }, (_, at) => visit('a', 10 + at));
	expect(whyNot(full, visit('b', 10))).toBe('full');
});

test('a basket that cannot be read is empty, not an error', () => {
	const visits = [visit('a', 10)];
	expect(remembered(JSON.stringify(visits))).toEqual(visits);
	for (const text of [null, '', 'no JSON', '{}', '[1]', '[{"line":{}}]']) expect(remembered(text)).toEqual([]);
});
