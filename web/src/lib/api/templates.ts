// Templates: parts of an offer that an operator keeps for many venues, and which venue follows which.

import type { Closure, GroupRules, ProductRules } from './offer';
import { id, json, send, versioned } from './transport';
import type { Text, VenueKind } from './types';

/** The parts of an offer that a template may hold, in the order in which they are shown. */
export const PARTS = ['tariffs', 'cancellation', 'exchange', 'admission', 'groups', 'closures'] as const;
export type PartName = (typeof PARTS)[number];

/** What a template says; of a part that is left out it says nothing. */
export interface TemplateParts {
	/** As it was read: the page does not edit it. */
	tariffs?: object;
	cancellation?: ProductRules['cancellation'];
	exchange?: NonNullable<ProductRules['exchange']>;
	admission?: ProductRules['admission'];
	groups?: GroupRules;
	closures?: Closure[];
}

export interface Template {
	id: string;
	name: Text;
	/** Kinds of venues that follow it unless they decided otherwise. */
	kinds: VenueKind[];
	/** The product of each venue that its parts are of. */
	product_id: string;
	parts: TemplateParts;
}

export interface TemplateBrief {
	id: string;
	name: Text;
	version: number;
	changed_at: string;
	/** Whether some venues have not got its newest version yet. */
	is_spreading: boolean;
}

export interface Follower {
	venue_id: string;
	name: string;
	version: number;
	own: PartName[];
	/** Why the newest version does not fit it, where it does not. */
	misfit: string | null;
}

export interface Followers {
	version: number;
	/** Venues that have not got it yet. */
	waiting: number;
	followers: Follower[];
}

/** Whether a venue follows a template. What only follows from that is read and not written. */
export interface Follows {
	kind: 'UNDECIDED' | 'NONE' | 'TEMPLATE';
	template_id: string | null;
	own: PartName[] | null;
	version: number | null;
	misfit: string | null;
}

const address = (template: string, rest = '') => `/v1/templates/${id(template)}${rest}`;

export const listTemplates = (token: string) =>
	json<{ templates: TemplateBrief[] }>('/v1/templates', { token }).then(({ templates }) => templates);

export const readTemplate = async (token: string, template: string) =>
	versioned<Template>(await send(address(template), { token }));

/** Changes a template over the version it was read at; null makes a new one. */
export const changeTemplate = async (token: string, template: Template, entityTag: string | null) =>
	versioned<{ version: number; changed: boolean }>(
		await send(address(template.id), {
			method: 'PUT',
			token,
			body: template,
			headers: entityTag === null ? { 'if-none-match': '*' } : { 'if-match': entityTag }
		})
	);

export const listFollowers = (token: string, template: string) =>
	json<Followers>(address(template, '/followers'), { token });
