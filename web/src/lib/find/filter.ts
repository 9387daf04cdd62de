// Which venues match what the visitor typed and chose. Pure, and tested without a browser.
import type { Venue, VenueKind } from '../api/types';

export interface Filter {
	words: string;
	region: string;
	kind: '' | VenueKind;
	price: '' | 'free' | 'paid';
}

export const noFilter: Filter = { words: '', region: '', kind: '', price: '' };

/** Lower case without accents and with plain apostrophes: people type `citta` for `città`. */
export function plain(text: string): string {
	return text.normalize('NFD').replace(/\p{M}/gu, '').replace(/[’‘`]/g, "'").toLowerCase();
}

/** The venues that match, by name; every word must be in the name or the municipality. */
export function matching(venues: Venue[], filter: Filter): Venue[] {
	const words = plain(filter.words).split(/\s+/).filter(Boolean);
	return venues
		.filter((venue) => {
			if (filter.region && venue.region !== filter.region) return false;
			if (filter.kind && venue.kind !== filter.kind) return false;
			if (filter.price && (venue.full_price_cents === 0) !== (filter.price === 'free')) return false;
			const text = plain(`${venue.name} ${venue.municipality}`);
			return words.every((word) => text.includes(word));
		})
		.sort((one, other) => one.name.localeCompare(other.name, 'it'));
}
