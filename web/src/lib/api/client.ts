// What visitors, gates, desks and the dashboard ask of the server.

import type {
	Availability,
	Booking,
	BookingRequest,
	Conflict,
	Dashboard,
	DashboardOverview,
	Decision,
	DeskBookingRequest,
	Device,
	DevicePage,
	Direction,
	ExchangeQuote,
	GateState,
	GivenBack,
	Group,
	GroupRequest,
	KeptRecord,
	Method,
	Order,
	OrderLine,
	OrderRequest,
	Party,
	PartyLine,
	Presence,
	QueuePlace,
	Quote,
	Redemption,
	Refund,
	Sale,
	Shift,
	StaffMember,
	StaffRole,
	Ticket,
	TicketList,
	UndoneRedemption,
	Venue,
	VenueDetail,
	Waiting
} from './types';
import { id, json, send } from './transport';

export { serverNow } from './transport';

// Shop.

let venuesOnce: Promise<Venue[]> | null = null;

/** All venues; asked once per visit, because the list changes a few times a year. */
export function listVenues(): Promise<Venue[]> {
	venuesOnce ??= json<{ venues: Venue[] }>('/v1/venues').then((answer) => answer.venues);
	venuesOnce.catch(() => (venuesOnce = null));
	return venuesOnce;
}

/** What the platform keeps, for how long and why. */
export const listKept = () =>
	json<{ records: KeptRecord[] }>('/v1/retention').then((answer) => answer.records);

export const getVenue = (venueId: string) => json<VenueDetail>(`/v1/venues/${id(venueId)}`);

export function getAvailability(
	venueId: string,
	productId: string,
	from: string,
	to: string,
	channel: 'WEB' | 'DESK' = 'WEB'
) {
	const query = new URLSearchParams({ product_id: productId, from, to, channel });
	return json<Availability>(`/v1/venues/${id(venueId)}/availability?${query}`);
}

// Booking.

/** What a visit would cost; nothing is held. A desk asks with its token. */
export const getQuote = (visit: OrderLine & { channel?: 'DESK' }, token?: string) =>
	json<Quote>('/v1/quotes', { method: 'POST', body: visit, token });

export const createBooking = (request: BookingRequest) =>
	json<Booking>('/v1/bookings', { method: 'POST', body: request });

/** Gets in the line before a sale, or says where the address stands in it. */
export const joinLine = (venueId: string, productId: string, saleId: string, email: string) =>
	json<QueuePlace>(`/v1/venues/${id(venueId)}/products/${id(productId)}/on-sales/${id(saleId)}/places`, {
		method: 'POST',
		body: { email }
	});

export const getBooking = (uuid: string) => json<Booking>(`/v1/bookings/${id(uuid)}`);

export const confirmBooking = (uuid: string) =>
	json<Booking>(`/v1/bookings/${id(uuid)}/confirm`, { method: 'POST', body: {} });

/** Names who enters with each ticket, in their order. */
export const nameHolders = (uuid: string, holders: string[]) =>
	json<Booking>(`/v1/bookings/${id(uuid)}/holders`, { method: 'PUT', body: { holders } });

/** Who enters with each ticket, as the booking has it. */
export const getHolders = async (uuid: string) =>
	(await json<{ holders: string[] }>(`/v1/bookings/${id(uuid)}/person`)).holders;

/** Gives a booking up; refused when another amount than `refundCents` goes back by now. */
export const cancelBooking = (uuid: string, refundCents: number) =>
	json<Booking>(`/v1/bookings/${id(uuid)}/cancel?refund_cents=${refundCents}`, { method: 'POST', body: {} });

/** What another time would cost in the place of a booking; without one, whether there may be one. */
export const quoteExchange = (uuid: string, slotId?: string) =>
	json<ExchangeQuote>(
		`/v1/bookings/${id(uuid)}/exchange${slotId ? `?slot_id=${encodeURIComponent(slotId)}` : ''}`
	);

export const holdExchange = (uuid: string, body: { uuid: string; slot_id: string }) =>
	json<Booking>(`/v1/bookings/${id(uuid)}/exchange`, { method: 'POST', body });

export const giveBack = (uuid: string, body: { uuid: string; ticket_ids: string[] }) =>
	json<GivenBack>(`/v1/bookings/${id(uuid)}/give-back`, { method: 'POST', body });

/** Where a copy of all that is kept of the person behind a booking is read. */
export const personAddress = (uuid: string) => `/v1/bookings/${id(uuid)}/person`;

export const forgetPerson = (uuid: string) => send(personAddress(uuid), { method: 'DELETE' });

export interface StartedPayment {
	payment: { id: string; status: string };
	redirect_url: string;
}

// Waiting for places of a sold-out slot.

export const joinWaiting = (request: BookingRequest) =>
	json<Waiting>('/v1/waiting', { method: 'POST', body: request });

export const getWaiting = (uuid: string) => json<Waiting>(`/v1/waiting/${id(uuid)}`);

export const leaveWaiting = (uuid: string) => send(`/v1/waiting/${id(uuid)}`, { method: 'DELETE' });

export const startPayment = (uuid: string) =>
	json<StartedPayment>(`/v1/bookings/${id(uuid)}/payment`, {
		method: 'POST',
		body: { return_url: `/booking/?uuid=${id(uuid)}` }
	});

// Order: several visits in one go.

export const createOrder = (request: OrderRequest) =>
	json<Order>('/v1/orders', { method: 'POST', body: request });

export const getOrder = (uuid: string) => json<Order>(`/v1/orders/${id(uuid)}`);

export const confirmOrder = (uuid: string) =>
	json<Order>(`/v1/orders/${id(uuid)}/confirm`, { method: 'POST', body: {} });

export const cancelOrder = (uuid: string) =>
	json<Order>(`/v1/orders/${id(uuid)}/cancel`, { method: 'POST', body: {} });

export const startOrderPayment = (uuid: string) =>
	json<StartedPayment>(`/v1/orders/${id(uuid)}/payment`, {
		method: 'POST',
		body: { return_url: `/order/?uuid=${id(uuid)}` }
	});

// What a visitor has afterwards.

export const listRefunds = (uuid: string) =>
	json<{ refunds: Refund[] }>(`/v1/bookings/${id(uuid)}/refunds`).then((answer) => answer.refunds);

/** Says where a refund goes; refused once its transfer is on the way. */
export const giveRefundAccount = (uuid: string, body: { account_holder: string; iban: string }) =>
	send(`/v1/bookings/${id(uuid)}/refund-account`, { method: 'PUT', body });

export const getTickets = (uuid: string) => json<TicketList>(`/v1/bookings/${id(uuid)}/tickets`);

/** In the language of the booking, unless another is named. */
export const ticketsPdfAddress = (uuid: string, lang?: string) =>
	`/v1/bookings/${id(uuid)}/tickets.pdf${lang ? `?lang=${id(lang)}` : ''}`;

/** For a thermal printer with paper of 80 mm. */
export const ticketsRollAddress = (uuid: string) => `/v1/bookings/${id(uuid)}/tickets.escpos`;

/** Where a wallet takes a ticket from. */
export const walletAddress = (uuid: string, ticket: string, wallet: 'apple' | 'google', lang: string) =>
	`/v1/bookings/${id(uuid)}/tickets/${id(ticket)}/${
		wallet === 'apple' ? 'pass.pkpass' : 'google-wallet'
	}?lang=${id(lang)}`;

export const visitAddress = (uuid: string, lang: string) =>
	`/v1/bookings/${id(uuid)}/visit.ics?lang=${id(lang)}`;

/** Takes a new ticket for a lost one; under the same key it is the same ticket. */
export const reissueTicket = (uuid: string, ticket: string, key: string) =>
	json<Ticket>(`/v1/bookings/${id(uuid)}/tickets/${id(ticket)}/reissue`, {
		method: 'POST',
		body: { uuid: key }
	});

// Groups.

export const askGroup = (request: GroupRequest) =>
	json<Group>('/v1/groups', { method: 'POST', body: request });

export const getGroup = (uuid: string) => json<Group>(`/v1/groups/${id(uuid)}`);

export const withdrawGroup = (uuid: string) => send(`/v1/groups/${id(uuid)}`, { method: 'DELETE' });

const listAddress = (uuid: string) => `/v1/groups/${id(uuid)}/list`;

export const sendGroupList = (uuid: string, csv: string) => send(listAddress(uuid), { method: 'PUT', csv });

export const forgetGroupList = (uuid: string) => send(listAddress(uuid), { method: 'DELETE' });

const groupsOf = (venueId: string, rest = '') => `/v1/venues/${id(venueId)}/groups${rest}`;

export const listGroups = (token: string, venueId: string) =>
	json<{ groups: Group[] }>(groupsOf(venueId), { token }).then((answer) => answer.groups);

/** Takes a group; without a deadline, for the usual time. */
export const approveGroup = (token: string, venueId: string, uuid: string, holdUntil: string | null) =>
	json<Group>(groupsOf(venueId, `/${id(uuid)}/approve`), {
		method: 'POST',
		token,
		body: holdUntil ? { hold_until: holdUntil } : {}
	});

export const refuseGroup = (token: string, venueId: string, uuid: string, reason: string) =>
	json<Group>(groupsOf(venueId, `/${id(uuid)}/refuse`), { method: 'POST', token, body: { reason } });

/** The list of names as a file, which only a token opens. */
export const downloadGroupList = async (token: string, venueId: string, uuid: string) =>
	(await send(groupsOf(venueId, `/${id(uuid)}/list`), { token })).blob();

// Gate.

export interface RedemptionRequest {
	uuid: string;
	venue_id: string;
	gate_id: string;
	code: string;
	direction: Direction;
	area_id: string | null;
	over_limit_reason: string | null;
	/** How many of each unit of the ticket's booking go through; the ticket alone where null. */
	party: PartyLine[] | null;
}

export const getParty = (token: string, scan: Omit<RedemptionRequest, 'over_limit_reason' | 'party'>) =>
	json<Party>('/v1/redemptions/party', { method: 'POST', body: scan, token });

export const redeem = (token: string, request: RedemptionRequest) =>
	json<Redemption>('/v1/redemptions', { method: 'POST', body: request, token });

export const undoRedemption = (
	token: string,
	uuid: string,
	body: { venue_id: string; gate_id: string; reason: string }
) => json<UndoneRedemption>(`/v1/redemptions/${id(uuid)}/undo`, { method: 'POST', body, token });

export const getPresence = (token: string, venueId: string) =>
	json<Presence>(`/v1/venues/${id(venueId)}/presence`, { token });

export const getGateState = (token: string) => json<GateState>('/v1/gate', { token });

// Manager.

export const listConflicts = (token: string, venueId: string) =>
	json<{ conflicts: Conflict[] }>(`/v1/venues/${id(venueId)}/conflicts`, { token }).then(
		(answer) => answer.conflicts
	);

export const closeConflict = async (token: string, venueId: string, uuid: string, note: string) => {
	await send(`/v1/venues/${id(venueId)}/conflicts/${id(uuid)}/close`, { method: 'POST', body: { note }, token });
};

export const listDevices = (token: string, venueId: string) =>
	json<{ devices: Device[] }>(`/v1/venues/${id(venueId)}/devices`, { token }).then(
		(answer) => answer.devices
	);

export const getDevice = (token: string, device: string) =>
	json<DevicePage>(`/v1/devices/${id(device)}`, { token });

export interface Tagged<T> {
	value: T;
	etag: string | null;
}

/** The dashboard, or null when the lake has nothing newer than what `etag` names. */
export async function pollDashboard(
	token: string,
	venueId: string,
	day: string,
	etag: string | null
): Promise<Tagged<Dashboard> | null> {
	const response = await send(`/v1/dashboard/${id(venueId)}?day=${id(day)}`, {
		token,
		headers: etag ? { 'if-none-match': etag } : {}
	});
	if (response.status === 304) return null;
	return { value: (await response.json()) as Dashboard, etag: response.headers.get('etag') };
}

export const getOverview = (token: string, day: string) =>
	json<DashboardOverview>(`/v1/dashboard?day=${id(day)}`, { token });

export const listDecisions = (token: string, venueId: string, limit: number) =>
	json<{ decisions: Decision[] }>(
		`/v1/decisions?${new URLSearchParams({ venue_id: venueId, limit: String(limit) })}`,
		{ token }
	).then((answer) => answer.decisions);

// Who works at a venue.

const staffOf = (venueId: string, rest = '') => `/v1/venues/${id(venueId)}/staff${rest}`;

export const listStaff = (token: string, venueId: string, cursor: string | null) =>
	json<{ staff: StaffMember[]; next_cursor: string | null }>(
		staffOf(venueId, cursor ? `?cursor=${id(cursor)}` : ''),
		{ token }
	);

/** Adds a member, where no entity tag is named, or sets the roles of the one who bears it. */
export const setMember = (
	token: string,
	venueId: string,
	memberId: string,
	entityTag: string | null,
	body: { address?: string; roles: StaffRole[] }
) =>
	send(staffOf(venueId, `/${id(memberId)}`), {
		method: 'PUT',
		token,
		body,
		headers: entityTag ? { 'if-match': entityTag } : { 'if-none-match': '*' }
	});

export const removeMember = (token: string, venueId: string, memberId: string, entityTag: string) =>
	send(staffOf(venueId, `/${id(memberId)}`), { method: 'DELETE', token, headers: { 'if-match': entityTag } });

// Ticket office.

export const createDeskBooking = (token: string, request: DeskBookingRequest) =>
	json<Booking>('/v1/bookings', { method: 'POST', body: request, token });

const shifts = (venueId: string, rest = '') => `/v1/venues/${id(venueId)}/shifts${rest}`;

export const listShifts = (token: string, venueId: string, day: string) =>
	json<{ shifts: Shift[] }>(shifts(venueId, `?day=${id(day)}`), { token });

export const getShift = (token: string, venueId: string, shift: string) =>
	json<Shift>(shifts(venueId, `/${id(shift)}`), { token });

export const openShift = (
	token: string,
	venueId: string,
	body: { uuid: string; desk_id: string; float_cents: number }
) => json<Shift>(shifts(venueId), { method: 'POST', body, token });

export const sellBooking = (
	token: string,
	venueId: string,
	shift: string,
	body: { booking_uuid: string; method: Method; given_cents: number | null }
) => json<Sale>(shifts(venueId, `/${id(shift)}/sales`), { method: 'POST', body, token });

export const voidSale = (
	token: string,
	venueId: string,
	shift: string,
	body: { booking_uuid: string; reason: string }
) => json<Sale>(shifts(venueId, `/${id(shift)}/void`), { method: 'POST', body, token });

export const closeShift = (token: string, venueId: string, shift: string, counted_cents: number) =>
	json<Shift>(shifts(venueId, `/${id(shift)}/close`), { method: 'POST', body: { counted_cents }, token });
