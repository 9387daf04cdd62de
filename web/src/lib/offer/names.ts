// Ids that follow from names, so that nobody has to invent one.
import type { Text } from '../api/types';

/** An id as the API takes it, made of a name, and of no other that is taken. */
export function idFrom(name: string, taken: string[]): string {
	const plain = name
		.normalize('NFD')
		.replace(/[\u0300-\u036f]/g, '')
		.toLowerCase()
		.replace(/[^a-z0-9]+/g, '-')
		.replace(/^-+|-+$/g, '')
		.slice(0, 48);
	const base = plain || 'x';
	if (!taken.includes(base)) return base;
	let number = 2;
	while (taken.includes(`${base}-${number}`)) number += 1;
	return `${base}-${number}`;
}

/** Gives what is new an id by its name; other ids are known outside and stay, whatever the name becomes. */
export function identify(items: { id: string; name: Text }[], fresh: WeakSet<object>) {
	for (const item of items) {
		if (!fresh.has(item)) continue;
		const others = items.filter((one) => one !== item);
		item.id = idFrom(item.name.it, others.map(({ id }) => id));
	}
}
