// What the page at a window asks of the desk's own program, which sells whether its line is up or down.
import { json, send } from '$lib/api/transport';
import type { Text } from '$lib/api/types';
import { newUuid } from '$lib/uuid';

export interface LeasedUnit {
	unit: { id: string };
	line: { name: Text; price_cents: number; reason: Text; document: Text | null };
}

export interface Lease {
	uuid: string;
	product_id: string;
	option_id: string;
	slot_id: string;
	slot: { start: string; end: string } | null;
	venue_name: string | null;
	product_name: Text | null;
	units: LeasedUnit[] | null;
	max_units: number | null;
	status: string;
	places: number;
	sold: number;
	left: number;
}

export interface DeskState {
	venue_id: string;
	desk_id: string;
	channel: 'DESK' | 'TOTEM';
	now: string;
	line: { state: 'ONLINE' | 'OFFLINE'; since: string; why: string | null };
	shift: {
		uuid: string;
		status: 'OPEN' | 'CLOSED';
		is_closed: boolean;
		expected_cents: number;
		card_cents: number;
		counted_cents: number | null;
		sales: number;
	} | null;
	leases: Lease[];
	waiting: number;
	refused: { booking_uuid: string; sold_at: string; amount_cents: number; problem: { detail?: string } }[];
}

export interface Sold {
	booking_uuid: string;
	amount_cents: number;
	change_cents: number | null;
	tickets: { id: string; typed_code: string; unit: { name: Text }; qr_svg: string; document: Text | null }[];
}

export interface PartyRequest {
	uuid: string;
	product_id: string;
	slot_id: string;
	units: { unit_id: string; quantity: number }[];
	method: 'CASH' | 'CARD' | 'FREE';
	given_cents: number | null;
	locale: 'it' | 'en';
}

const post = <T>(token: string, path: string, body: unknown) => json<T>(path, { method: 'POST', token, body });

export const getDesk = (token: string) => json<DeskState>('/v1/desk', { token });

/** The same uuid each time it is sent: a lost answer is the same sale. */
export const sell = (token: string, party: PartyRequest) => post<Sold>(token, '/v1/desk/sales', party);

export const openShift = (token: string, float_cents: number) =>
	post(token, '/v1/desk/shift', { uuid: newUuid(), float_cents });

export const closeShift = (token: string, counted_cents: number) =>
	post(token, '/v1/desk/shift/close', { counted_cents });

export const askForPlaces = (token: string, of: Lease, places: number) =>
	send('/v1/desk/leases', {
		method: 'POST',
		token,
		body: {
			uuid: newUuid(),
			product_id: of.product_id,
			option_id: of.option_id,
			slot_id: of.slot_id,
			places
		}
	});

export const askForSlot = (token: string, product_id: string, slot_id: string, places: number) =>
	send('/v1/desk/leases', {
		method: 'POST',
		token,
		body: { uuid: newUuid(), product_id, option_id: 'standard', slot_id, places }
	});

export const giveBack = (token: string, of: Lease) =>
	post(token, '/v1/desk/returns', { product_id: of.product_id, slot_id: of.slot_id });

export async function getRoll(token: string, uuid: string): Promise<Blob> {
	const answer = await send(`/v1/desk/sales/${uuid}/tickets.escpos`, { token });
	return answer.blob();
}
