// What a venue offers, as its staff set it: hours, products with prices, shares and rules, resources,
// areas. Money is integer cents, days are `2026-12-24`, times `09:00:00`; what is read is what is written
// back. A rule that a product lacks is absent or null.

import { id, json, send, versioned } from './transport';
import type { Text } from './types';

/** Hours and closures. */
export interface OpeningRules {
	week: { weekday: string; from: string; to: string; last_entry: string }[];
	closures: Closure[];
}

export interface Closure {
	from: string;
	to: string;
	reason: Text;
}

/** The days on which a rule holds; null is open. */
export interface Validity {
	from: string | null;
	to: string | null;
}

/** What a visitor must be to have a price; one of these for each condition. */
export type Condition =
	| { citizen_of: { code: string; name: Text }[] }
	| { profession: Text[] }
	| { student_of: Text[] }
	| { resident_in: { code: string; name: string }[] }
	| 'disabled';

/** The kind of visitor who pays one price. */
export interface UnitRules {
	id: string;
	kind: string;
	name: Text;
	price_cents: number;
	reason: Text;
	min_age: number | null;
	max_age: number | null;
	conditions: Condition[];
	documents: Text[];
	accompanied_by: string[];
	companion_of: string[];
	source: string;
}

export interface TariffRules {
	valid: Validity;
	units: UnitRules[];
}

export interface OptionRules {
	id: string;
	name: Text;
	tariffs: TariffRules[];
}

export const CHANNELS = ['WEB', 'TOTEM', 'DESK'] as const;
export type Channel = (typeof CHANNELS)[number];

/** Places of each slot that are reserved for channels. */
export interface Quota {
	name: string;
	channels: Channel[];
	size: { places: number } | { percent: number };
	/** Minutes before the slot at which what is left is open to all; null keeps it to the end. */
	released_minutes_before: number | null;
	max_units: number | null;
}

/** What a visit occupies of a resource. */
export interface Need {
	resource_id: string;
	quantity: number;
	per: 'PLACE' | 'BOOKING';
}

/** A product as staff set it. What the page does not edit is sent back as it was read. */
export interface ProductRules {
	id: string;
	name: Text;
	capacity: number;
	max_units: number;
	slot_minutes: number;
	quotas: Quota[];
	needs: Need[];
	minimum: { places: number; decided_minutes_before: number } | null;
	cancellation: { refund_until_minutes_before: number | null };
	exchange?: { until_minutes_before: number | null; reason: Text } | null;
	admission: {
		from_minutes_before_start: number;
		until_minutes_after_start: number | null;
		reentry: 'NEVER' | 'SAME_DAY';
		areas: string[];
		[other: string]: unknown;
	};
	options: OptionRules[];
	[other: string]: unknown;
}

/** What visits of several products occupy together. */
export interface Resource {
	id: string;
	name: Text;
	quantity: number;
	closures: Closure[];
}

export interface ResourceRules {
	resources: Resource[];
}

export interface Area {
	id: string;
	name: Text;
	limit: number | null;
}

/** Where people may be, and how many at once; null is no limit. */
export interface Premises {
	limit: number | null;
	areas: Area[];
}

export interface OfferChange {
	version: number;
	changed: boolean;
	/** Booked places whose slot is no longer offered. */
	stranded: { product_id: string; slot_id: string; taken: number }[];
}

/** What calling visits off did; staff look after what is left. */
export interface CallOffResult {
	called_off: { booking_reference: string; slot_id: string; places: number; refund_cents: number }[];
	/** Those who were offered to move their visit, and until when. */
	offered: { booking_reference: string; slot_id: string; places: number; until: string }[];
	left: { booking_reference: string; slot_id: string; why: 'sold-at-desk' | 'ticket-used' }[];
	remaining: number;
}

export interface OfferRecord {
	at: string;
	actor: string;
	role: string;
	version: number;
	part: string;
	before: object | null;
	after: object | null;
}

/** A part of what a venue offers: `opening`, or `products/` and a product. */
export const readOffer = async <T>(token: string, venueId: string, part: string) =>
	versioned<T>(await send(`/v1/venues/${id(venueId)}/${part}`, { token }));

/** Changes a part over the version it was read at, or only says what that would do. */
export const changeOffer = async (
	token: string,
	venueId: string,
	part: string,
	entityTag: string,
	body: unknown,
	isRehearsal: boolean
) =>
	versioned<OfferChange>(
		await send(`/v1/venues/${id(venueId)}/${part}${isRehearsal ? '?dry_run=true' : ''}`, {
			method: 'PUT',
			token,
			body,
			headers: { 'if-match': entityTag }
		})
	);

/** Calls off the visits of these days whose slots are no longer offered; all of the money goes back. With days
 * to choose, each visitor may move the visit first. */
export const callOff = (
	token: string,
	venueId: string,
	from: string,
	to: string,
	offerMoveDays: number | null
) =>
	json<CallOffResult>(`/v1/venues/${id(venueId)}/call-offs`, {
		method: 'POST',
		token,
		body: { from, to, offer_move_days: offerMoveDays }
	});

export const listOfferChanges = (token: string, venueId: string, cursor: string | null) =>
	json<{ changes: OfferRecord[]; next_cursor: string | null }>(
		`/v1/venues/${id(venueId)}/changes?${new URLSearchParams({ limit: '20', ...(cursor ? { cursor } : {}) })}`,
		{ token }
	);
