// What stands in each section of a product, in a few words, read without opening it.
import type { ProductRules } from '$lib/api/offer';
import { dayShort } from '$lib/format';
import { language, t, tn } from '$lib/i18n/index.svelte';
import { ahead } from './measures';

const both = (...words: string[]) => words.filter(Boolean).join(' · ');

/** Such as `gio 6 mag 2027`; the same where both days are one. Empty while a day is missing. */
export function spanInWords({ first_day, last_day }: { first_day: string; last_day: string }): string {
	if (!first_day || !last_day) return '';
	const day = (date: string) => `${dayShort(date, language())} ${date.slice(0, 4)}`;
	return first_day === last_day ? day(first_day) : `${day(first_day)} – ${day(last_day)}`;
}

function occupies({ needs, admission }: ProductRules): string {
	return both(
		needs.length ? tn('needs.count', needs.length) : t('needs.nothing'),
		admission.areas.length ? tn('admission.count', admission.areas.length) : t('admission.whole')
	);
}

function givingUp({ cancellation, exchange, pass }: ProductRules): string {
	const refund = cancellation.refund_until_minutes_before;
	const moved = exchange?.until_minutes_before ?? null;
	const isMoved = moved === null ? t('givingUp.notMoved') : t('givingUp.moved', { ahead: ahead(moved) });
	return both(
		refund === null ? t('givingUp.never') : t('givingUp.until', { ahead: ahead(refund) }),
		pass ? '' : isMoved
	);
}

function extras({ free_days, surcharges, pass }: ProductRules): string {
	return both(
		pass ? '' : free_days.length ? tn('freeDays.count', free_days.length) : t('freeDays.none'),
		surcharges.length ? tn('surcharges.count', surcharges.length) : t('surcharges.none')
	);
}

function limits({ person_limit, admission }: ProductRules): string {
	return both(
		person_limit ? tn(`limits.count.${person_limit.per}`, person_limit.tickets) : t('limits.none'),
		t(admission.holder_names ? 'limits.named' : 'limits.unnamed')
	);
}

function groups({ groups }: ProductRules): string {
	if (!groups) return t('groupRule.none');
	const { min_people: min, max_people: max } = groups;
	return both(t('groupRule.count', { min, max }), groups.schools ? t('groupRule.withSchools') : '');
}

function resale({ resellers, fiscal_class, pass }: ProductRules): string {
	return both(pass ? '' : t(`resale.${resellers ?? 'CLOSED'}`), t(`resale.${fiscal_class}`));
}

export const summariesOf = (product: ProductRules) => ({
	pass: tn('pass.count', product.pass?.opens.length ?? 0),
	tariffs: tn(
		'tariffs.count',
		product.options.reduce((sum, { tariffs }) => sum + tariffs.length, 0)
	),
	extras: extras(product),
	quotas: product.quotas.length ? product.quotas.map(({ name }) => name).join(', ') : t('quotas.none'),
	occupies: occupies(product),
	minimum: product.minimum ? tn('minimum.count', product.minimum.places) : t('minimum.none'),
	limits: limits(product),
	groups: groups(product),
	sales: product.on_sales?.length ? tn('sales.count', product.on_sales.length) : t('sales.none'),
	givingUp: givingUp(product),
	resale: resale(product)
});
