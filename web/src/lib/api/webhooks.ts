// The servers that a venue's events are told to, and the log of those events. docs/webhooks.md says what
// whoever is told has to know.

import { id, json, send, versioned } from './transport';

export const EVENT_KINDS = [
	'booking.confirmed',
	'booking.cancelled',
	'ticket.redeemed',
	'ticket.redemption_undone',
	'availability.sold_out',
	'availability.available_again'
] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

/** What staff set of a server. */
export interface WebhookSettings {
	url: string;
	/** Empty for all kinds. */
	events: EventKind[];
	description: string;
	enabled: boolean;
}

export interface Webhook extends WebhookSettings {
	id: string;
	state: { status: 'ENABLED' } | { status: 'OFF'; at: string } | { status: 'DISABLED'; at: string; reason: string };
	created_at: string;
	secret_made_at: string;
	previous_secret_until: string | null;
	/** In the answer to the request that made it only. */
	secret?: string;
	told_up_to: number;
	failed_attempts: number;
	failing_since: string | null;
	next_try_at: string | null;
	replay: { next: number; to: number } | null;
}

/** What became of one event at one server. */
export interface Delivery {
	sequence: number;
	event_id: string;
	type: string;
	status: 'DELIVERED' | 'WAITING' | 'GIVEN_UP';
	next_at?: string;
	attempts: number;
	last_at: string;
	last_outcome: string;
	last_millis: number;
}

/** An event as servers are told it. */
export interface VenueEvent {
	id: string;
	sequence: number;
	type: string;
	timestamp: string;
	data: { booking_reference?: string; product_id?: string; slot?: { id: string }; [more: string]: unknown };
}

const webhooksOf = (venueId: string, rest = '') => `/v1/venues/${id(venueId)}/webhooks${rest}`;

export const listWebhooks = (token: string, venueId: string) =>
	json<{ webhooks: Webhook[] }>(webhooksOf(venueId), { token }).then((answer) => answer.webhooks);

/** Registers a server under a uuid of the caller's; sent again within ten minutes it shows the same secret. */
export const registerWebhook = (token: string, venueId: string, webhookId: string, body: WebhookSettings) =>
	json<Webhook>(webhooksOf(venueId, `/${id(webhookId)}`), {
		method: 'PUT',
		token,
		body,
		headers: { 'if-none-match': '*' }
	});

/** Reads a server with the entity tag that a change must name. */
export const readWebhook = async (token: string, venueId: string, webhookId: string) =>
	versioned<Webhook>(await send(webhooksOf(venueId, `/${id(webhookId)}`), { token }));

export const changeWebhook = (
	token: string,
	venueId: string,
	webhookId: string,
	entityTag: string,
	body: WebhookSettings
) =>
	json<Webhook>(webhooksOf(venueId, `/${id(webhookId)}`), {
		method: 'PUT',
		token,
		body,
		headers: { 'if-match': entityTag }
	});

export const removeWebhook = (token: string, venueId: string, webhookId: string) =>
	send(webhooksOf(venueId, `/${id(webhookId)}`), { method: 'DELETE', token });

/** Makes another secret; for some hours the one before signs as well. */
export const rotateSecret = (
	token: string,
	venueId: string,
	webhookId: string,
	body: { uuid: string; overlap_hours: number }
) => json<Webhook>(webhooksOf(venueId, `/${id(webhookId)}/rotate`), { method: 'POST', token, body });

export const testWebhook = (token: string, venueId: string, webhookId: string, uuid: string) =>
	json<{ event_id: string }>(webhooksOf(venueId, `/${id(webhookId)}/test`), { method: 'POST', token, body: { uuid } });

/** Sends one event of the log once more, under the id that it has. */
export const replayEvent = (token: string, venueId: string, webhookId: string, sequence: number) =>
	json<{ from: number; to: number }>(webhooksOf(venueId, `/${id(webhookId)}/replay`), {
		method: 'POST',
		token,
		body: { from: sequence }
	});

export const listDeliveries = (token: string, venueId: string, webhookId: string, cursor: string | null) =>
	json<{ deliveries: Delivery[]; next_cursor: string | null }>(
		webhooksOf(
			venueId,
			`/${id(webhookId)}/deliveries?${new URLSearchParams({ limit: '10', ...(cursor ? { cursor } : {}) })}`
		),
		{ token }
	);

/** Events behind a number, oldest first, and the number of the newest. */
export const listEvents = (token: string, venueId: string, after: number, limit: number) =>
	json<{ events: VenueEvent[]; next_after: number; newest: number }>(
		`/v1/venues/${id(venueId)}/events?${new URLSearchParams({ after: String(after), limit: String(limit) })}`,
		{ token }
	);
