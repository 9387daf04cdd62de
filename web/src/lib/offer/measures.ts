// How long before a visit, in the largest measure that tells it exactly.
import { t, tn } from '$lib/i18n/index.svelte';

export const MEASURES = [
	{ minutes: 1, name: 'offer.minutes', some: 'offer.someMinutes' },
	{ minutes: 60, name: 'offer.hours', some: 'offer.someHours' },
	{ minutes: 1440, name: 'offer.days', some: 'offer.someDays' }
] as const;

export function largestMeasure(minutes: number | null): number {
	if (minutes === null) return 60;
	if (minutes === 0) return 1;
	return MEASURES.findLast((measure) => minutes % measure.minutes === 0)?.minutes ?? 1;
}

/** Such as `2 giorni`. */
export function ahead(minutes: number): string {
	const measure = MEASURES.find((one) => one.minutes === largestMeasure(minutes)) ?? MEASURES[0];
	return minutes === 0 ? t('offer.atTheStart') : tn(measure.some, minutes / measure.minutes);
}

/** What a number is counted for. */
export const perChoices = () => (['DAY', 'SLOT'] as const).map((per) => ({ id: per, name: t(`offer.per.${per}`) }));
