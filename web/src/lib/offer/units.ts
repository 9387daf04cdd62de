// The kinds of visitors of a product, by id, as one chooses among them.
import { say } from '$lib/i18n/index.svelte';
import type { Text } from '$lib/api/types';

interface WithUnits {
	options: { tariffs: { units: { id: string; name: Text }[] }[] }[];
}

/** Each kind of visitor of any time, once. */
export function unitChoices(...products: WithUnits[]): { id: string; name: string }[] {
	const units = products.flatMap(({ options }) => options).flatMap(({ tariffs }) => tariffs.flatMap((tariff) => tariff.units));
	return [...new Map(units.map(({ id, name }) => [id, { id, name: say(name) || id }])).values()];
}
