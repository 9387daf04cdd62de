// What a reseller sees and does by its own key: OCTO's calls, and those beside it that OCTO has no words for.

import type { FirmContact, KeyMode, Scope } from './resellers';
import { id, json } from './transport';

export interface PortalKey {
	id: string;
	begins: string;
	mode: KeyMode;
	from: string;
	until: string | null;
	/** Whether it is the one that asks. */
	isOwn: boolean;
}

export interface PortalReseller {
	id: string;
	name: string;
	mode: KeyMode;
	scope: Scope;
	contact: FirmContact;
	keys: PortalKey[];
}

export interface OctoBooking {
	uuid: string;
	testMode: boolean;
	resellerReference: string | null;
	supplierReference: string | null;
	status: 'ON_HOLD' | 'CONFIRMED' | 'EXPIRED' | 'CANCELLED' | 'REDEEMED' | 'PENDING';
	utcCreatedAt: string;
	utcExpiresAt: string | null;
	productId: string;
	product?: { internalName: string };
	availability: { localDateTimeStart: string; allDay: boolean } | null;
	cancellable: boolean;
	unitItems: { unitId: string; unit?: { internalName: string } }[];
	pricing?: { retail: number };
}

export interface OctoProduct {
	id: string;
	internalName: string;
	options: { id: string; internalName: string }[];
}

export interface OctoAvailability {
	id: string;
	localDateTimeStart: string;
	allDay: boolean;
	status: 'AVAILABLE' | 'FREESALE' | 'SOLD_OUT' | 'LIMITED' | 'CLOSED';
	vacancies: number | null;
	capacity: number | null;
}

export const PORTAL_EVENTS = ['booking_update', 'availability_update'] as const;
export type PortalEvent = (typeof PORTAL_EVENTS)[number];

export interface PortalWebhook {
	id: string;
	event: PortalEvent;
	url: string;
	state: { status: 'ENABLED' } | { status: 'OFF'; at: string } | { status: 'DISABLED'; at: string; reason: string };
	secretMadeAt: string;
	previousSecretUntil: string | null;
	/** In the answer to the request that made it only. */
	secret?: string;
	toldUpTo: number;
	failedAttempts: number;
	nextTryAt: string | null;
}

export interface PortalDelivery {
	sequence: number;
	eventId: string;
	event: PortalEvent;
	status: 'DELIVERED' | 'WAITING' | 'GIVEN_UP';
	nextAt: string | null;
	attempts: number;
	lastAt: string;
	lastOutcome: string;
	lastMillis: number;
}

/** Prices are wanted with what is read. */
const PRICED = { 'octo-capabilities': 'octo/pricing' };

export const readPortal = (token: string) => json<PortalReseller>('/octo/portal', { token });

/** Another key in the place of the one that asks, which goes on for some hours. The answer alone tells it. */
export const rotateOwnKey = (token: string, body: { uuid: string; overlapHours: number }) =>
	json<{ key: string }>('/octo/portal/key', { method: 'POST', token, body });

export const listOctoBookings = (token: string, cursor: string | null) =>
	json<{ bookings: OctoBooking[]; nextCursor: string | null }>(
		`/octo/portal/bookings?${new URLSearchParams({ limit: '20', ...(cursor ? { cursor } : {}) })}`,
		{ token, headers: PRICED }
	);

export const cancelOctoBooking = (token: string, uuid: string) =>
	json<OctoBooking>(`/octo/bookings/${id(uuid)}/cancel`, { method: 'POST', token, body: {} });

export const listOctoProducts = (token: string) => json<OctoProduct[]>('/octo/products', { token });

export const listOctoAvailability = (token: string, productId: string, optionId: string, localDate: string) =>
	json<OctoAvailability[]>('/octo/availability', { method: 'POST', token, body: { productId, optionId, localDate } });

export const listPortalWebhooks = (token: string) => json<PortalWebhook[]>('/octo/portal/webhooks', { token });

/** Registers a server; the same address and event again is the same server. */
export const registerOctoWebhook = (token: string, body: { url: string; event: PortalEvent }) =>
	json<PortalWebhook>('/octo/webhooks', { method: 'POST', token, body, headers: PRICED });

export const removeOctoWebhook = (token: string, webhook: string) =>
	json<PortalWebhook>(`/octo/webhooks/${id(webhook)}`, { method: 'DELETE', token });

const ofWebhook = (webhook: string, rest: string) => `/octo/portal/webhooks/${id(webhook)}/${rest}`;

export const turnWebhook = (token: string, webhook: string, enabled: boolean) =>
	json<PortalWebhook>(ofWebhook(webhook, 'state'), { method: 'POST', token, body: { enabled } });

export const rotateWebhookSecret = (token: string, webhook: string, uuid: string) =>
	json<PortalWebhook>(ofWebhook(webhook, 'rotate'), { method: 'POST', token, body: { uuid } });

export const replayToWebhook = (token: string, webhook: string, sequence: number) =>
	json<{ from: number }>(ofWebhook(webhook, 'replay'), { method: 'POST', token, body: { from: sequence } });

export const listPortalDeliveries = (token: string, webhook: string, cursor: string | null) =>
	json<{ deliveries: PortalDelivery[]; nextCursor: string | null }>(
		ofWebhook(webhook, `deliveries?${new URLSearchParams({ limit: '10', ...(cursor ? { cursor } : {}) })}`),
		{ token }
	);
