// Amounts of euro as people type them. Exact: a text and its cents, and never a fraction between.
import type { Language } from './format';

/** `12,50` or `12.5` as cents; null for anything that is no amount of euro. */
export function centsOf(text: string): number | null {
	const found = /^(\d{1,6})(?:[.,](\d{1,2}))?$/.exec(text.trim());
	return found ? Number(found[1]) * 100 + Number((found[2] ?? '').padEnd(2, '0')) : null;
}

/** Cents as they are typed, such as `12,50`. */
export function euroText(cents: number, language: Language): string {
	const digits = String(cents).padStart(3, '0');
	return `${digits.slice(0, -2)}${language === 'it' ? ',' : '.'}${digits.slice(-2)}`;
}
