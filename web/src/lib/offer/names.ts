// Ids that follow from names, so that nobody has to invent one.
import type { Text } from '../api/types';

/** An id as the API takes it, of at most so many letters, made of a name, and of no other that is taken. */
export function idFrom(name: string, taken: string[], most = 48): string {
	const plain = name
		.normalize('NFD')
		.replace(/[\u0300-\u036f]/g, '')
		.toLowerCase()
		.replace(/[^a-z0-9]+/g, '-')
		.replace(/^-+/, '');
	const cut = (length: number) => plain.slice(0, length).replace(/-+$/, '') || 'x';
	if (!taken.includes(cut(most))) return cut(most);
	const numbered = (number: number) => `${cut(most - 3)}-${number}`;
	let number = 2;
	while (taken.includes(numbered(number))) number += 1;
	return numbered(number);
}

/** Gives what is new an id by its name; other ids are known outside and stay, whatever the name becomes. */
export function identify(items: { id: string; name: Text }[], fresh: WeakSet<object>) {
	for (const item of items) {
		if (!fresh.has(item)) continue;
		const others = items.filter((one) => one !== item);
		item.id = idFrom(item.name.it, others.map(({ id }) => id));
	}
}
