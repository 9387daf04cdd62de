// What a visitor must be to have a price, as it is written on the page.
import type { Condition } from '$lib/api/offer';
import type { Text } from '$lib/api/types';

export const RIGHTS = ['citizen_of', 'profession', 'student_of', 'resident_in', 'disabled'] as const;
export type Right = (typeof RIGHTS)[number];

export const rightOf = (condition: Condition): Right =>
	condition === 'disabled'
		? condition
		: 'citizen_of' in condition
			? 'citizen_of'
			: 'profession' in condition
				? 'profession'
				: 'student_of' in condition
					? 'student_of'
					: 'resident_in';

export const noWords = (): Text => ({ it: '', en: '' });
export const noCountry = () => ({ code: '', name: noWords() });
export const noTown = () => ({ code: '', name: '' });

/** A condition of that kind, to be written. */
export function begunAs(right: Right): Condition {
	switch (right) {
		case 'disabled':
			return 'disabled';
		case 'citizen_of':
			return { citizen_of: [noCountry()] };
		case 'profession':
			return { profession: [noWords()] };
		case 'student_of':
			return { student_of: [noWords()] };
		case 'resident_in':
			return { resident_in: [noTown()] };
	}
}

/** What a country is called by its two letters; null where no country has them. */
export function countryName(code: string): Text | null {
	if (!/^[A-Z]{2}$/.test(code)) return null;
	const name = (language: string) =>
		new Intl.DisplayNames([language], { type: 'region', fallback: 'none' }).of(code);
	const [it, en] = [name('it'), name('en')];
	return it && en ? { it, en } : null;
}
