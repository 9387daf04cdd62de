// The rules of the basket: visits that a visitor chose and nobody holds yet. The server checks them
// again.
import type { OrderLine, Text } from '../api/types';

/** A visit as it was chosen, with what is shown of it. Prices are those seen then; the hold says. */
export interface Visit {
	/** Tells it from the others in the basket. */
	key: string;
	/** As it is sent; the key of the booking that it becomes is made with the hold. */
	line: Omit<OrderLine, 'uuid'>;
	venue: { name: string; municipality: string };
	/** What is visited, where the venue has more than one thing. */
	product?: Text;
	slotEnd: string;
	/** A pass, which is bought from a day on and not for an hour. */
	isPass?: boolean;
	units: { unit_id: string; name: Text; quantity: number; price_cents: number }[];
}

export const MOST_VISITS = 5;
export const MOST_PLACES = 90;

export const placesOf = ({ units }: Visit): number => units.reduce((sum, { quantity }) => sum + quantity, 0);

export const centsOf = ({ units }: Visit): number =>
	units.reduce((sum, { quantity, price_cents }) => sum + quantity * price_cents, 0);

const sum = (numbers: number[]) => numbers.reduce((all, one) => all + one, 0);
export const allPlaces = (visits: Visit[]): number => sum(visits.map(placesOf));
export const allCents = (visits: Visit[]): number => sum(visits.map(centsOf));

/** Why a visit cannot go into the basket with the others; null where it can. */
export function whyNot(visits: Visit[], added: Visit): 'full' | 'sameSlot' | 'tooMany' | null {
	const slot = ({ line }: Visit) => `${line.venue_id} ${line.product_id} ${line.slot_id}`;
	if (visits.some((visit) => slot(visit) === slot(added))) return 'sameSlot';
	if (visits.length >= MOST_VISITS) return 'full';
	return allPlaces([...visits, added]) > MOST_PLACES ? 'tooMany' : null;
}

/** Reads what a tab remembered; a text of another version counts as nothing. */
export function remembered(text: string | null): Visit[] {
	try {
		const visits: unknown = JSON.parse(text ?? '[]');
		return Array.isArray(visits) && visits.every((one) => one?.line?.slot_id && one.venue && one.units)
			? (visits as Visit[])
			: [];
	} catch {
		return [];
	}
}
