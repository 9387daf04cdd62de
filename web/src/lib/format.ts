// How money, days and instants are written. Pure: the language is an argument, the zone is the
// venues' zone (Europe/Rome) whatever the visitor's phone says.

export type Language = 'it' | 'en';

const ZONE = 'Europe/Rome';
const LOCALE: Record<Language, string> = { it: 'it-IT', en: 'en-GB' };

export function money(cents: number, language: Language): string {
	return new Intl.NumberFormat(LOCALE[language], { style: 'currency', currency: 'EUR' }).format(cents / 100);
}

export function count(value: number, language: Language): string {
	return new Intl.NumberFormat(LOCALE[language], {
		useGrouping: 'always'
	} as Intl.NumberFormatOptions).format(value);
}

export function percent(share: number, language: Language): string {
	return new Intl.NumberFormat(LOCALE[language], {
		style: 'percent',
		maximumFractionDigits: share < 0.1 ? 1 : 0
	}).format(share);
}

/** The calendar day in Rome at an instant, as `YYYY-MM-DD`. */
export function romeDay(instant: number): string {
	return new Intl.DateTimeFormat('en-CA', { timeZone: ZONE }).format(instant);
}

/** `YYYY-MM-DD` moved by whole days; noon UTC keeps it clear of daylight saving. */
export function addDays(day: string, days: number): string {
	const date = new Date(`${day}T12:00:00Z`);
	date.setUTCDate(date.getUTCDate() + days);
	return date.toISOString().slice(0, 10);
}

/** A day's parts in words, e.g. `martedì 24 novembre 2026`. */
export function dayLong(day: string, language: Language): string {
	return formatDay(day, language, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
}

export function dayShort(day: string, language: Language): string {
	return formatDay(day, language, { weekday: 'short', day: 'numeric', month: 'short' });
}

export function monthLong(day: string, language: Language): string {
	return formatDay(day, language, { month: 'long', year: 'numeric' });
}

function formatDay(day: string, language: Language, options: Intl.DateTimeFormatOptions): string {
	return new Intl.DateTimeFormat(LOCALE[language], { ...options, timeZone: 'UTC' }).format(
		new Date(`${day}T12:00:00Z`)
	);
}

/** Weekday names from Monday, for the calendar's heading. */
export function weekdays(language: Language, weekday: 'short' | 'long'): string[] {
	const format = new Intl.DateTimeFormat(LOCALE[language], { weekday, timeZone: 'UTC' });
	return [...Array(7).keys()].map((offset) => format.format(Date.UTC(2024, 0, 1 + offset, 12)));
}

/** The clock time of a slot bound: an instant is shown in Rome, a local time as it is written. */
export function clock(bound: string, language: Language = 'it'): string {
	if (!/(Z|[+-]\d\d:\d\d)$/.test(bound)) return bound.slice(11, 16);
	return new Intl.DateTimeFormat(LOCALE[language], {
		timeZone: ZONE,
		hour: '2-digit',
		minute: '2-digit'
	}).format(new Date(bound));
}

export function clockWithSeconds(instant: string | number, language: Language): string {
	return new Intl.DateTimeFormat(LOCALE[language], {
		timeZone: ZONE,
		hour: '2-digit',
		minute: '2-digit',
		second: '2-digit'
	}).format(new Date(instant));
}

/** Day and time of an instant, e.g. `24 nov 2026, 10:04`. */
export function dayAndClock(instant: string, language: Language): string {
	return new Intl.DateTimeFormat(LOCALE[language], {
		timeZone: ZONE,
		day: 'numeric',
		month: 'short',
		year: 'numeric',
		hour: '2-digit',
		minute: '2-digit'
	}).format(new Date(instant));
}

/** What the clock in Rome shows at an instant, as a field takes it: `2027-05-06T10:00`. */
export function romeLocal(instant: string | number): string {
	const shown = new Intl.DateTimeFormat('sv-SE', { timeZone: ZONE, dateStyle: 'short', timeStyle: 'short' });
	return shown.format(new Date(instant)).replace(' ', 'T');
}

/** The first instant at which the clock in Rome shows that. One that a spring night leaves out is an hour later. */
export function romeInstant(local: string): string {
	const hoursAhead = (hours: number) => Date.parse(`${local}Z`) - hours * 3_600_000;
	const instant = [2, 1].map(hoursAhead).find((one) => romeLocal(one) === local) ?? hoursAhead(1);
	return new Date(instant).toISOString().replace('.000Z', 'Z');
}

/** The day part of a slot id such as `2026-11-24T10:00`. */
export const slotDay = (slotId: string) => slotId.slice(0, 10);

/** Minutes and seconds left, e.g. `14:59`; never negative. */
export function timeLeft(milliseconds: number): string {
	const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
	return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
