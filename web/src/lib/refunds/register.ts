// The record of what was paid back, as a file for the accounts. Its columns are the API's words, so that it
// reads the same in every language and next to what a program fetched.
import type { VenueRefund } from '../api/refunds';
import { euroText } from '../euro';

/** One cell. What a spreadsheet would take for a formula is kept a text. */
function cell(value: string | null | undefined): string {
	const text = value ?? '';
	const plain = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
	return /[",\n\r]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

const COLUMNS = [
	'amount_eur',
	'booking_reference',
	'payment_id',
	'reference',
	'file',
	'filed_at',
	'filed_by',
	'paid_back_at',
	'paid_back_by'
];

export function registerOf(refunds: VenueRefund[]): string {
	const rows = refunds.map((refund) => [
		euroText(refund.amount_cents, 'en'),
		refund.booking_reference,
		refund.payment_id,
		refund.reference,
		refund.file,
		refund.filed?.at,
		refund.filed?.by,
		refund.paid_back?.at,
		refund.paid_back?.by
	]);
	return [COLUMNS, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}
