// Money that goes back by transfer, as who keeps the venue's accounts sees it. No visitor and no account is
// named but in the bank's file.

import { id, json, send } from './transport';

/** What somebody on the staff did, and when. */
export interface Step {
	by: string;
	at: string;
}

/** In the order in which a refund passes them. */
export const REFUND_STATES = ['WAITING', 'READY', 'FILED', 'PAID_BACK'] as const;
export type RefundState = (typeof REFUND_STATES)[number];

export interface VenueRefund {
	payment_id: string;
	/** Names the booking and opens nothing. */
	booking_reference: string;
	state: RefundState;
	amount_cents: number;
	/** What had been asked, where another amount came. */
	asked_cents: number | null;
	due_since: string | null;
	/** The bank's file that holds it. */
	file: string | null;
	filed: Step | null;
	/** The bank's reference of the transfer. */
	reference: string | null;
	paid_back: Step | null;
}

const refundsOf = (venueId: string, rest = '') => `/v1/venues/${id(venueId)}/refunds${rest}`;

export const listVenueRefunds = (token: string, venueId: string) =>
	json<{ refunds: VenueRefund[] }>(refundsOf(venueId), { token }).then((answer) => answer.refunds);

/** The bank's file of that uuid (pain.001): a new one of all that is ready, or the one made before. */
export const makeRefundFile = async (token: string, venueId: string, uuid: string) =>
	(await send(refundsOf(venueId, '/files'), { method: 'POST', token, body: { uuid } })).blob();

export const markPaidBack = (
	token: string,
	venueId: string,
	paymentId: string,
	body: { reference: string; booking_reference: string }
) => send(refundsOf(venueId, `/${id(paymentId)}/paid-back`), { method: 'POST', token, body });
