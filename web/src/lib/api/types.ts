// The shapes of the HTTP API as the pages read them. They follow the served /openapi.json; money is
// integer cents, instants are RFC 3339 in UTC, days and slot ids are in the venue's zone.

/** A text in both languages of the pages. */
export interface Text {
	it: string;
	en: string;
}

export type VenueKind = 'MUSEUM' | 'LIBRARY' | 'ARCHIVE';

export interface Venue {
	id: string;
	name: string;
	kind: VenueKind;
	category: string | null;
	municipality: string;
	region: string;
	latitude: number;
	longitude: number;
	full_price_cents: number;
	currency: string;
	annual_visitors: number | null;
	hours: 'DEFAULT_WEEK' | 'OWN';
	website: string | null;
}

export interface Opening {
	weekday: string;
	from: string;
	to: string;
	last_entry: string;
}

export interface Unit {
	id: string;
	kind: string;
	name: Text;
	price_cents: number;
	reason: Text;
	/** What the gate looks at on a usual day: documents, company and conditions. */
	show: Text | null;
	/** Units one of which must be in the same booking; empty means this unit may come alone. */
	accompanied_by: string[];
	/** Units in the same booking whose companion this is, one for each. */
	companion_of: string[];
	/** Whether many visitors have it; the others wait behind a disclosure. */
	is_usual: boolean;
}

/** Who pays what for visits from one day to another; null is open. */
export interface Tariff {
	from: string | null;
	to: string | null;
	units: Unit[];
}

/** A part of the price of one ticket; without a beneficiary it is the venue's own. */
export interface PriceComponent {
	name: Text;
	price_cents: number;
	beneficiary: { name: string; fiscal_code: string } | null;
}

export interface Price {
	option_id: string;
	unit_id: string;
	price_cents: number;
	components: PriceComponent[];
	reason: Text;
	show: Text | null;
}

export interface Product {
	id: string;
	name: Text;
	/** What it is good for, where it is a pass; null for visits of slots. */
	pass: PassOffer | null;
	slot_minutes: number;
	max_units: number;
	/** How many tickets one person takes, across bookings. */
	person_limit: { tickets: number; per: 'DAY' | 'SLOT' } | null;
	/** Most pieces, by shelfmark, that one booking asks for. */
	pieces_max: number;
	/** The fewest people for whom a slot takes place; null where it always does. */
	minimum: { places: number; decided_minutes_before: number } | null;
	groups: GroupRule | null;
	/** Sales of some of its days that open at an hour, with a line before each. */
	on_sales: OnSale[];
	options: { id: string; name: Text; tariffs: Tariff[] }[];
}

/** A sale of the visits of some days. */
export interface OnSale {
	id: string;
	first_day: string;
	last_day: string;
	room_opens_at: string;
	opens_at: string;
	line_ends_at: string;
	turns_per_minute: number;
}

/** A place in the line before a sale. */
export interface QueuePlace {
	queue_place: string;
	status: 'DRAW' | 'WAITING' | 'TURN' | 'OVER' | 'OPEN';
	turn_at: string | null;
	turn_until: string | null;
	ahead: number | null;
	drawn: number;
	opens_at: string;
	line_ends_at: string;
	message: Text;
}

/** What a pass is good for. */
export interface PassOffer {
	opens: { venue_id: string; name: string }[];
	/** How long it holds. */
	term: Text;
	/** Where it admits and how often. */
	words: Text;
}

/** What a ticket that is a pass admits to, and what is left of it. */
export interface PassTicket {
	validity: Text;
	admits_until: string;
	opens: { venue_id: string; words: Text; entries: number; entries_left: number | null }[];
}

/** What a product takes of groups and school classes. */
export interface GroupRule {
	min_people: number;
	max_people: number;
	people_per_leader: number;
	surcharge: { name: Text; amount_cents: number; from_people: number } | null;
	schools: { people_per_leader: number; quota: { people: number; per: 'DAY' | 'SLOT' } } | null;
}

export interface VenueDetail extends Venue {
	time_zone: string;
	opening: Opening[];
	products: Product[];
	/** Passes of other venues that open this one; each is bought at its venue. */
	passes: { venue_id: string; venue_name: string; product: Product }[];
}

export type AvailabilityStatus = 'AVAILABLE' | 'LIMITED' | 'SOLD_OUT' | 'CLOSED';

export interface Slot {
	id: string;
	start: string;
	end: string;
	status: AvailabilityStatus;
	vacancies: number;
	capacity: number;
}

export interface Day {
	date: string;
	status: AvailabilityStatus;
	note: Text | null;
	prices: Price[];
	slots: Slot[];
}

export interface Availability {
	venue_id: string;
	product_id: string;
	days: Day[];
}

export interface BookingRequest {
	uuid: string;
	venue_id: string;
	product_id: string;
	option_id: string;
	slot_id: string;
	units: { unit_id: string; quantity: number }[];
	/** Shelfmarks of what is to be brought to the reading room. */
	pieces?: string[];
	/** A discount code of the venue. */
	voucher_code?: string;
	/** The place in the line before a sale. */
	queue_place?: string;
	contact: { full_name: string; email: string; phone?: string };
	locale: 'it' | 'en';
}

export type BookingStatus = 'ON_HOLD' | 'PAYING' | 'CONFIRMED' | 'EXPIRED' | 'CANCELLED' | 'REDEEMED';

export interface SlotTime {
	id: string;
	start: string;
	end: string;
}

export interface Refund {
	payment_id: string;
	amount_cents: number;
	status: 'REFUND_DUE' | 'REFUNDED';
	/** It waits until the visitor says where to. */
	needs_account: boolean;
}

/** A visit of an order: a request for places, without what is said once for all. */
export type OrderLine = Omit<BookingRequest, 'contact' | 'locale'>;

export interface OrderRequest {
	uuid: string;
	bookings: OrderLine[];
	contact: BookingRequest['contact'];
	locale: 'it' | 'en';
}

/** What a visit would cost, with its discount code where it has one. */
export type Quote = Pick<Booking, 'units' | 'total_cents' | 'currency'>;

/** Several visits bought in one go; all stand alike until they are confirmed. */
export interface Order {
	uuid: string;
	status: BookingStatus;
	bookings: Booking[];
	total_cents: number;
	currency: string;
	created_at: string;
	expires_at: string | null;
	message: Text | null;
}

export interface Booking {
	uuid: string;
	/** The order it was bought in with others; until it is confirmed, only the order moves. */
	order: string | null;
	status: BookingStatus;
	venue: { id: string; name: string; municipality: string };
	product_id: string;
	option_id: string;
	slot: SlotTime;
	/** What its tickets are good for, where they are passes. */
	pass: { opens: { venue_id: string; name: string }[]; validity: Text } | null;
	/** That the venue cannot keep its word for the visit: until when it may be moved at no cost, and why. */
	moving: { until: string; reason: Text } | null;
	units: {
		unit_id: string;
		name: Text;
		quantity: number;
		price_cents: number;
		components: PriceComponent[];
		total_cents: number;
		reason: Text;
		document: Text | null;
	}[];
	pieces: string[];
	total_cents: number;
	currency: string;
	channel: string;
	created_at: string;
	expires_at: string | null;
	confirmed_at: string | null;
	payment: {
		id: string;
		attempt: number;
		status: 'STARTED' | 'PAID' | 'DECLINED' | 'REFUND_DUE' | 'REFUNDED';
	} | null;
	/** That its tickets name who enters; null where whoever carries them does. */
	holders: { places: number; are_given: boolean; change_until: string; changes_left: number } | null;
	/** What giving the booking up means now; null where the visitor cannot do it. */
	cancellation: { until: string; refund_until: string | null; refund_cents: number } | null;
	/** Whether it may be exchanged for another time; null where the venue exchanges nothing. */
	exchange: { until: string | null; reason: Text } | null;
	/** The booking in whose place it comes, with what that leaves to pay. */
	replaces: { booking: string; credit_cents: number; due_cents: number; refund_cents: number } | null;
	/** The booking that came in its place. */
	exchanged_for: string | null;
	message: Text | null;
}

/** What another time in the place of a booking would mean. */
export interface ExchangeQuote {
	is_possible: boolean;
	why_not: Text | null;
	until: string | null;
	credit_cents: number;
	offer: { slot: SlotTime; total_cents: number; due_cents: number; refund_cents: number } | null;
}

export interface GivenBack {
	uuid: string;
	ticket_ids: string[];
	refund_cents: number;
}

export interface Ticket {
	id: string;
	typed_code: string;
	unit: { id: string; name: Text };
	slot: SlotTime;
	/** Where and until when a pass admits; null for a ticket of a visit. */
	pass: PassTicket | null;
	venue: { id: string; name: string };
	status: 'VALID' | 'REDEEMED' | 'REVOKED';
	redeemed_at: string | null;
	code: string;
	qr_svg: string;
	reason: Text;
}

export interface TicketList {
	tickets: Ticket[];
	/** The mail with the tickets: first letters of the address, and when it went. */
	mail: { to: string; sent_at: string | null } | null;
	/** Wallets that take these tickets. */
	wallets: ('apple' | 'google')[];
}

export type Direction = 'ENTRY' | 'EXIT';

export interface Redemption {
	uuid: string;
	outcome: 'ADMITTED' | 'LEFT';
	direction: Direction;
	/** The area entered or left, where the gate of the entry named one. */
	area_id: string | null;
	ticket_id: string;
	unit: { id: string; name: Text };
	slot: SlotTime;
	redeemed_at: string;
	show: Text | null;
	/** What is left of a pass; null for a ticket of a visit. */
	pass: { entries_left: number | null; admits_until: string } | null;
	/** Who went through together, by unit; null for one alone. */
	party: { unit: { id: string; name: Text }; quantity: number; show: Text | null }[] | null;
}

/** So many people of one unit. */
export interface PartyLine {
	unit_id: string;
	quantity: number;
}

/** The people of a booking, and how many would go through now. */
export interface Party {
	slot: SlotTime;
	units: { unit: { id: string; name: Text }; booked: number; came: number; inside: number; able: number }[];
}

export interface UndoneRedemption {
	uuid: string;
	outcome: 'UNDONE';
	ticket_id: string;
	people: number;
	redeemed_at: string;
	undone_at: string;
	reason: string;
}

/** What a gate's own program says of itself; the platform has no such page. */
export interface GateState {
	venue_id: string;
	gate_id: string;
	area_id: string | null;
	line: { state: 'ONLINE' | 'OFFLINE'; since: string; why: string | null };
	site: { is_set_up: boolean; is_connected: boolean };
	queued: number;
	bundle: { day: string; made_at: string; tickets: number; has_same_rules: boolean } | null;
}

/** How many people are in a venue today. */
export interface Presence {
	venue_id: string;
	limit: number | null;
	/** By what the limit is kept by; null where there is none. */
	inside: number | null;
	counted_by: 'GATES' | 'COUNTERS' | null;
	/** By their tickets; null where gates do not count. */
	by_tickets: number | null;
	/** By the counters at the doors; null where none has counted today. */
	by_counters: { people_in: number; people_out: number; inside: number } | null;
	areas: {
		id: string;
		name: Text;
		limit: number | null;
		inside: number | null;
		counted_by: 'GATES' | 'COUNTERS' | null;
	}[];
	/** Who was let in over a limit. */
	over_limit: {
		uuid: string;
		at: string;
		gate_id: string;
		area_id: string | null;
		inside: number;
		limit: number;
		actor: string;
		reason: string;
	}[];
}

/** A ticket that two gates let in. */
/** One kind of record that the platform keeps. */
export interface KeptRecord {
	name: string;
	what: Text;
	about: 'VISITOR' | 'PSEUDONYM' | 'STAFF' | 'NOBODY';
	/** ISO 8601, whole days or whole hours; null where no rule removes it. */
	kept_for: string | null;
	after: 'VISIT' | 'WRITING' | 'MONTH' | 'LINE_END' | null;
	why: Text;
}

export interface Conflict {
	uuid: string;
	ticket_id: string;
	gate_id: string;
	redeemed_at: string;
	standing_gate_id: string;
	standing_redeemed_at: string;
	closed_at: string | null;
	note: string | null;
}

export type DeviceHealth =
	| 'REVOKED'
	| 'NEVER_HEARD'
	| 'SILENT'
	| 'AT_FAULT'
	| 'NEEDS_CARE'
	| 'GOOD';

/** What is wrong with what a counter counts, or was. */
export interface DeviceFault {
	fault: string;
	since: string;
	found_at: string;
	over_at: string | null;
	became_usual: boolean;
	what: Text;
	evidence: Text;
}

export interface Device {
	device_id: string;
	venue_id: string;
	gate_id: string | null;
	right: 'ACTIVE' | 'REVOKED';
	health: DeviceHealth;
	enrolled_at: string;
	revoked_at: string | null;
	heard_at: string | null;
	observed_until: string | null;
	silent_since: string | null;
	battery_percent: number | null;
	signal_percent: number | null;
	rssi_dbm: number | null;
	device_state: string | null;
	status_at: string | null;
	missing_messages: number;
	missing_per_thousand: number | null;
	clock_ahead_seconds: number;
	cumulative_count: number | null;
	judged_until: string | null;
	faults: DeviceFault[];
}

export interface DeviceObservation {
	model: string;
	period_start: string;
	period_end: string;
	people: number | null;
	people_towards: number | null;
	people_away: number | null;
	location_code: string | null;
	origin: string | null;
	suppressed: boolean | null;
	quantity: string | null;
	unit: string | null;
	value: string | null;
	running_sum: string | null;
	version: number;
	quality: 'good' | 'late' | 'after-gap' | 'after-reset';
	missing_before: number;
	received_at: string;
}

export interface DeviceLetter {
	received_at: string;
	topic: string;
	code: string;
	reason: string;
	payload_bytes: number;
	payload: string | null;
}

export interface DevicePage {
	as_of: string;
	device: Device;
	past_faults: DeviceFault[];
	observations: DeviceObservation[];
	dead_letters: DeviceLetter[];
}

export interface Dashboard {
	venue_id: string;
	day: string;
	as_of: string;
	lake_version: number;
	capacity: number;
	totals: {
		bookings: number;
		visitors: number;
		revenue_cents: number;
		admissions: number;
		people_in: number;
		people_out: number;
		occupancy: number;
	};
	hours: {
		hour: string;
		visitors: number;
		capacity: number;
		admissions: number;
		people_in: number;
		people_out: number;
		occupancy: number;
	}[];
	channels: { channel: string; bookings: number; visitors: number }[];
	units: { unit_id: string; visitors: number }[];
	days: { date: string; visitors: number; admissions: number; people_in: number }[];
}

export interface DashboardOverview {
	day: string;
	as_of: string;
	venues: { venue_id: string; visitors: number; admissions: number; people_in: number }[];
}

export interface Decision {
	booking_reference: string;
	venue_id: string;
	outcome: 'ALLOW' | 'REVIEW' | 'BLOCK';
	score: number;
	reasons: { rule: string; weight: number; text: Text }[];
	decided_at: string;
	rules_version: string | number;
}

/** What somebody may be at a venue, in the order in which it is offered. */
export const VENUE_ROLES = ['manager', 'desk', 'gate', 'analyst', 'data-officer'] as const;
export type StaffRole = (typeof VENUE_ROLES)[number] | 'operator' | 'admin';

/** Somebody on the staff of a venue. */
export interface StaffMember {
	member_id: string;
	entity_tag: string;
	address: string | null;
	/** Who they are to the identity provider; null before they signed in for the first time. */
	subject: string | null;
	roles: StaffRole[];
}

/** What a desk asks for: nobody's name. */
export type DeskBookingRequest = Omit<BookingRequest, 'contact'> & { channel: 'DESK' };

export type Method = 'CASH' | 'CARD' | 'FREE';

export interface Sale {
	booking_uuid: string;
	booking_reference: string;
	method: Method;
	amount_cents: number;
	given_cents: number | null;
	change_cents: number | null;
	visitors: number;
	sold_at: string;
	void: { at: string; reason: string } | null;
}

export interface Shift {
	uuid: string;
	desk_id: string;
	status: 'OPEN' | 'CLOSED';
	opened_at: string;
	closed_at: string | null;
	float_cents: number;
	totals: {
		sales: number;
		visitors: number;
		free_visitors: number;
		cash_cents: number;
		card_cents: number;
		voids: number;
	};
	expected_cents: number;
	counted_cents: number | null;
	difference_cents: number | null;
	sales?: Sale[];
}

/** A party in the line of a sold-out slot, or what became of it. */
export interface Waiting {
	uuid: string;
	status: 'WAITING' | 'OFFERED' | 'LEFT' | 'ENDED';
	/** 1 is next; null when the party waits no more. */
	position: number | null;
	venue: { id: string; name: string; municipality: string };
	slot: SlotTime;
	units: { unit_id: string; quantity: number }[];
	/** The places held for the party, once its turn came. */
	offer: { booking_uuid: string; status: BookingStatus; expires_at: string | null } | null;
}

export type GroupKind = 'GROUP' | 'SCHOOL';

export interface GroupRequest {
	uuid: string;
	venue_id: string;
	product_id: string;
	option_id: string;
	slot_id: string;
	kind: GroupKind;
	organisation: string;
	contact: { full_name: string; email: string; phone?: string };
	locale: 'it' | 'en';
	people: number;
	leaders: number;
	note?: string;
}

/** A group's request, and what became of it. */
export interface Group {
	uuid: string;
	status: 'REQUESTED' | 'APPROVED' | 'REFUSED' | 'WITHDRAWN';
	venue: { id: string; name: string; municipality: string };
	slot: SlotTime;
	kind: GroupKind;
	organisation: string;
	people: number;
	leaders: number;
	note: string | null;
	asked_at: string;
	total_cents: number | null;
	hold_until: string | null;
	reason: string | null;
	booking_status: BookingStatus | null;
	/** Who came, by unit; null before there are tickets. */
	at_door: { unit_id: string; name: Text; booked: number; came: number }[] | null;
	/** Names in the list that was sent in; null when none was. */
	listed: number | null;
	contact: { full_name: string; email: string; phone: string | null } | null;
}
