import { expect, test } from '@playwright/test';
import type { VenueRefund } from '../../src/lib/api/refunds';
import { registerOf } from '../../src/lib/refunds/register';

const refund = (more: Partial<VenueRefund>): VenueRefund => ({
	payment_id: '302000000000000012',
	booking_reference: '0b9d3c51a7e2',
	state: 'PAID_BACK',
	amount_cents: 1205,
	asked_cents: null,
	due_since: null,
	file: null,
	filed: null,
	reference: 'TRN 42',
	paid_back: { by: 'staff-1', at: '2026-11-24T09:06:00Z' },
	...more
});

test('the record of refunds has a row for each, to the cent, and no cell that calculates', () => {
	const [head, row, odd, end] = registerOf([refund({}), refund({ reference: '=1+1,"x"' })]).split('\r\n');
	expect(head?.split(',').slice(0, 4)).toEqual(['amount_eur', 'booking_reference', 'payment_id', 'reference']);
	expect(row).toBe('12.05,0b9d3c51a7e2,302000000000000012,TRN 42,,,,2026-11-24T09:06:00Z,staff-1');
	expect(odd).toContain(`"'=1+1,""x"""`);
	expect(end).toBe('');
});
