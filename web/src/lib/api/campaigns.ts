// Campaigns of discount codes. A code is shown to who makes it, and by nothing here afterwards.

import type { Validity } from './offer';
import { id, json, send } from './transport';
import type { Text } from './types';

/** What a campaign does to a price; one of these. */
export type Effect =
	| { percent_off: number }
	| { cents_off_ticket: number }
	| { cents_off_booking: number }
	| { ticket_costs: number };

export interface Campaign {
	id: string;
	name: Text;
	effect: Effect;
	/** Empty for all, as are options and units. */
	products: string[];
	options: string[];
	units: string[];
	/** On which days its codes are taken. */
	sold: Validity;
	/** For visits of which days. */
	visited: Validity;
	/** How many tickets of a booking it reduces, the dearest first; null for all. */
	max_tickets: number | null;
	/** Whether it also takes from prices that are reduced already. */
	with_reduced: boolean;
}

export interface CampaignRules {
	campaigns: Campaign[];
}

export interface Usage {
	codes: number;
	used: number;
}

/** Random codes, or one that the venue chose; without `uses` a random one reduces one booking. */
export interface CodesRequest {
	uuid: string;
	count?: number;
	code?: string;
	uses?: number;
}

const codesOf = (venueId: string, campaignId: string) =>
	`/v1/venues/${id(venueId)}/campaigns/${id(campaignId)}/codes`;

export const getUsage = (token: string, venueId: string, campaignId: string) =>
	json<Usage>(codesOf(venueId, campaignId), { token });

/** Makes codes and answers them as CSV; sent again under its uuid, the same ones. */
export const makeCodes = async (token: string, venueId: string, campaignId: string, body: CodesRequest) =>
	(await send(codesOf(venueId, campaignId), { method: 'POST', token, body })).blob();
