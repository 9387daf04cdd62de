// A product that is not there yet: with prices of its own, or as another one is.
import type { Opens, ProductRules } from '$lib/api/offer';
import type { Text } from '$lib/api/types';
import { idFrom } from './names';

/** Visits at stated times, visits at any hour of a day, or a pass. */
export const KINDS = ['TIMES', 'DAY', 'PASS'] as const;
export type Kind = (typeof KINDS)[number];

/** Ids of a pass and of its longest unit together: with them its code can still be scanned at once. */
const PASS_IDS_MAX = 18;
const FULL_PRICE_UNIT = 'adult';
const A_DAY = 1440;

export interface Wanted {
	kind: Kind;
	name: Text;
	/** What a full ticket costs, and where that is written; of no account for a copy. */
	priceCents: number;
	source: string;
}

export function draftOf({ kind, name, priceCents, source }: Wanted, taken: string[], here: Opens): ProductRules {
	const most = kind === 'PASS' ? PASS_IDS_MAX - FULL_PRICE_UNIT.length : undefined;
	return {
		id: idFrom(name.it, taken, most),
		name,
		availability_type: kind === 'TIMES' ? 'START_TIME' : 'OPENING_HOURS',
		slot_minutes: 60,
		capacity: kind === 'TIMES' ? 10 : 100,
		max_units: 10,
		quotas: [],
		needs: [],
		pieces_max: 0,
		minimum: null,
		cancellation: { refund_until_minutes_before: A_DAY },
		admission: {
			from_minutes_before_start: 30,
			until_minutes_after_start: null,
			reentry: 'NEVER',
			areas: []
		},
		fiscal_class: 'UNDECIDED',
		free_days: [],
		surcharges: [],
		...(kind === 'PASS'
			? { pass: { term: { kind: 'FROM_FIRST_ENTRY', days: 3, first_within_days: 30 }, opens: [here] } }
			: {}),
		options: [
			{
				id: 'standard',
				name: { it: 'Standard', en: 'Standard' },
				tariffs: [
					{
						valid: { from: null, to: null },
						units: [
							{
								id: FULL_PRICE_UNIT,
								kind: 'ADULT',
								name: { it: 'Intero', en: 'Full price' },
								price_cents: priceCents,
								reason: { it: 'Biglietto intero', en: 'Full price' },
								min_age: null,
								max_age: null,
								conditions: [],
								documents: [],
								accompanied_by: [],
								companion_of: [],
								source
							}
						]
					}
				]
			}
		]
	};
}

/** The same prices and rules under another name; what opens at an hour is the other's own. */
export const copyOf = (product: ProductRules, { kind, name }: Wanted, taken: string[]): ProductRules => ({
	...product,
	id: idFrom(name.it, taken),
	name,
	availability_type: kind === 'TIMES' ? 'START_TIME' : 'OPENING_HOURS',
	on_sales: []
});
