// What a venue offers, as its staff set it: hours, products with prices, shares and rules, resources,
// areas. Money is integer cents, days are `2026-12-24`, times `09:00:00`; what is read is what is written
// back. A rule that a product lacks is absent or null.

import { id, json, send, versioned } from './transport';
import type { OnSale, Text } from './types';

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

export const CHANNELS = ['WEB', 'TOTEM', 'DESK', 'RESELLER'] as const;
export type Channel = (typeof CHANNELS)[number];

/** Places of each slot that are reserved for channels. */
export interface Quota {
	name: string;
	channels: Channel[];
	/** Which resellers it is the allotment of; left out where it is none. */
	resellers?: string[];
	size: { places: number } | { percent: number };
	/** Minutes before the slot at which what is left is open to all; null keeps it to the end. */
	released_minutes_before: number | null;
	max_units: number | null;
}

export const FISCAL_CLASSES = ['EXEMPT_VISIT', 'NO_CHARGE', 'SHOW', 'UNDECIDED'] as const;

/** What a visit occupies of a resource. */
export interface Need {
	resource_id: string;
	quantity: number;
	per: 'PLACE' | 'BOOKING';
}

/** Days on which everybody enters for nothing. */
export interface FreeDay {
	days: 'first_sunday' | { dates: string[] };
	/** With a booking as on other days, or without one: then only a desk gives tickets out. */
	entry: 'BOOKED' | 'AT_THE_DOOR';
	reason: Text;
	valid: Validity;
	source: string;
}

/** A body that receives a part of a price; its fiscal code has 11 digits. */
export interface Beneficiary {
	name: string;
	fiscal_code: string;
}

/** An amount added to the price of each ticket that is paid for. */
export interface Surcharge {
	name: Text;
	amount_cents: number;
	beneficiary: Beneficiary;
	valid: Validity;
	/** Who pays it; empty for every unit that pays. */
	units: string[];
	source: string;
}

/** What a group pays once, beside its tickets. */
export interface GroupSurcharge {
	name: Text;
	amount_cents: number;
	from_people: number;
	/** Null for the body that runs the venue. */
	beneficiary: Beneficiary | null;
	source: string;
}

export type Per = 'DAY' | 'SLOT';

/** What a product takes of school classes, which enter free. */
export interface SchoolRules {
	unit_id: string;
	leader_unit_id: string;
	people_per_leader: number;
	quota: { people: number; per: Per };
	source: string;
}

/** What a product takes of groups. People are counted without those who lead them. */
export interface GroupRules {
	min_people: number;
	max_people: number;
	/** One enters free to lead each so many. */
	people_per_leader: number;
	unit_id: string;
	leader_unit_id: string;
	surcharge: GroupSurcharge | null;
	schools: SchoolRules | null;
	source: string;
}

/** Until when a pass holds. */
export type Term =
	| { kind: 'SEASON'; from: string; to: string }
	| { kind: 'FROM_FIRST_ENTRY'; days: number; first_within_days: number };

/** How often a pass admits at a venue. */
export type Entries = { kind: 'TIMES'; times: number } | { kind: 'DAILY' } | { kind: 'UNLIMITED' };

/** A venue that a pass opens, by the name that is printed. */
export interface Opens {
	venue_id: string;
	name: string;
	entries: Entries;
	areas?: string[];
}

/** What a pass is good for. */
export interface PassRules {
	term: Term;
	opens: Opens[];
}

/** Passes of other venues that a venue lets in with. */
export interface Honoured {
	honours: { venue_id: string; product_id: string }[];
}

/** A product as staff set it. What the page does not edit is sent back as it was read. */
export interface ProductRules {
	id: string;
	name: Text;
	availability_type: 'START_TIME' | 'OPENING_HOURS';
	capacity: number;
	max_units: number;
	slot_minutes: number;
	quotas: Quota[];
	needs: Need[];
	minimum: { places: number; decided_minutes_before: number } | null;
	cancellation: { refund_until_minutes_before: number | null };
	exchange?: { until_minutes_before: number | null; reason: Text } | null;
	groups?: GroupRules | null;
	/** How many tickets one person takes, across bookings. */
	person_limit?: { tickets: number; per: Per } | null;
	/** Sales of some of its days that open at an hour. */
	on_sales?: OnSale[];
	pass?: PassRules | null;
	resellers?: 'CLOSED' | 'OPEN';
	fiscal_class: (typeof FISCAL_CLASSES)[number];
	/** Most pieces, by shelfmark, that one booking asks for. */
	pieces_max: number;
	free_days: FreeDay[];
	surcharges: Surcharge[];
	admission: {
		from_minutes_before_start: number;
		until_minutes_after_start: number | null;
		reentry: 'NEVER' | 'SAME_DAY';
		areas: string[];
		/** That tickets admit only whom they name. */
		holder_names?: { change_until_minutes_before: number; changes_max: number } | null;
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

/** Changes a part over the version it was read at, or only says what that would do; null makes a new one. */
export const changeOffer = async (
	token: string,
	venueId: string,
	part: string,
	entityTag: string | null,
	body: unknown,
	isRehearsal: boolean
) =>
	versioned<OfferChange>(
		await send(`/v1/venues/${id(venueId)}/${part}${isRehearsal ? '?dry_run=true' : ''}`, {
			method: 'PUT',
			token,
			body,
			headers: entityTag === null ? { 'if-none-match': '*' } : { 'if-match': entityTag }
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
