// The firms that sell on, as an operator of the platform takes them on, and their keys.

import { id, json, send, versioned } from './transport';

export type KeyMode = 'LIVE' | 'TEST';

/** Everywhere, or at these venues. */
export type Scope = 'all' | { venues: string[] };

export interface FirmContact {
	email: string;
	telephone: string;
	website: string;
	address: string;
}

/** What an operator sets. */
export interface ResellerSettings {
	name: string;
	scope: Scope;
	contact: FirmContact;
	enabled: boolean;
}

/** A key, without what it is. */
export interface ResellerKey {
	id: string;
	begins: string;
	mode: KeyMode;
	from: string;
	until: string | null;
}

export interface Reseller extends ResellerSettings {
	id: string;
	status: 'ACTIVE' | 'SUSPENDED' | 'REVOKED';
	stopped_at: string | null;
	added_at: string;
	keys: ResellerKey[];
	version: number;
}

export interface ResellerChange {
	at: string;
	actor: string;
	role: string;
	part: string;
	before: unknown;
	after: unknown;
}

const address = (reseller: string, rest = '') => `/v1/resellers/${id(reseller)}${rest}`;

export const listResellers = (token: string) =>
	json<{ resellers: Reseller[] }>('/v1/resellers', { token }).then(({ resellers }) => resellers);

export const readReseller = async (token: string, reseller: string) =>
	versioned<Reseller>(await send(address(reseller), { token }));

/** Changes a reseller over the entity tag it was read at; null takes a new one on. */
export const changeReseller = (
	token: string,
	reseller: string,
	{ name, scope, contact, enabled }: ResellerSettings,
	entityTag: string | null
) =>
	json<Reseller>(address(reseller), {
		method: 'PUT',
		token,
		body: { name, scope, contact, enabled },
		headers: entityTag === null ? { 'if-none-match': '*' } : { 'if-match': entityTag }
	});

/** Gives a key; with `overlap_hours` those before of its mode end then. The answer alone tells it. */
export const giveKey = (
	token: string,
	reseller: string,
	body: { uuid: string; mode: KeyMode; overlap_hours?: number }
) => json<{ key: string; reseller: Reseller }>(address(reseller, '/keys'), { method: 'POST', token, body });

export const endKey = (token: string, reseller: string, key: string) =>
	json<Reseller>(address(reseller, `/keys/${id(key)}`), { method: 'DELETE', token });

export const listResellerChanges = (token: string, reseller: string) =>
	json<{ changes: ResellerChange[] }>(address(reseller, '/changes?limit=200'), { token }).then(
		({ changes }) => changes
	);
