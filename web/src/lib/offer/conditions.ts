// Who has a right to a price, in plain words, from the rules as they are written.
import type { Condition, UnitRules } from '$lib/api/offer';
import { say, t } from '$lib/i18n/index.svelte';

function conditionInWords(condition: Condition): string {
	if (condition === 'disabled') return t('tariffs.disabled');
	const names = (some: string[]) => some.join(', ');
	if ('citizen_of' in condition) {
		return t('tariffs.citizenOf', { names: names(condition.citizen_of.map(({ name }) => say(name))) });
	}
	if ('profession' in condition) {
		return t('tariffs.profession', { names: names(condition.profession.map(say)) });
	}
	if ('student_of' in condition) {
		return t('tariffs.studentOf', { names: names(condition.student_of.map(say)) });
	}
	return t('tariffs.residentIn', { names: names(condition.resident_in.map(({ name }) => name)) });
}

function ageInWords({ min_age: min, max_age: max }: UnitRules): string[] {
	if (min !== null && max !== null) return [t('tariffs.ages', { min, max })];
	if (min !== null) return [t('tariffs.fromAge', { min })];
	return max === null ? [] : [t('tariffs.underAge', { age: max + 1 })];
}

/** What a visitor must be and show to have this price; empty where anybody has it. */
export function rightInWords(unit: UnitRules, units: UnitRules[]): string[] {
	const nameOf = (id: string) => say(units.find((one) => one.id === id)?.name) || id;
	const company = unit.accompanied_by.map(nameOf).join(', ');
	const led = unit.companion_of.map(nameOf).join(', ');
	return [
		...ageInWords(unit),
		...unit.conditions.map(conditionInWords),
		...(company ? [t('tariffs.accompaniedBy', { names: company })] : []),
		...(led ? [t('tariffs.companionOf', { names: led })] : []),
		...(unit.documents.length ? [t('tariffs.shows', { names: unit.documents.map(say).join(', ') })] : [])
	];
}
