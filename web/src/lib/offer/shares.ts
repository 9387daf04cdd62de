// How a slot's places are shared between channels.
import type { ProductRules, Quota } from '../api/offer';

/** Places of a share in a slot of this capacity; hundredths are rounded down, as the server does. */
export const placesOf = ({ size }: Quota, capacity: number): number =>
	'places' in size ? size.places : Math.floor((capacity * size.percent) / 100);

/** Places that no share reserves; negative where they reserve more than there are. */
export const unreserved = ({ quotas, capacity }: ProductRules): number =>
	quotas.reduce((left, quota) => left - placesOf(quota, capacity), capacity ?? 0);
