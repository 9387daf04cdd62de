// The tariffs of an option follow each other without a gap and without a day in two: each begins the day
// after the one before ends, so one date moves both.
import type { TariffRules, UnitRules } from '../api/offer';
import { addDays } from '../format';

/** Lets a tariff begin on a day; the one before ends the day before. */
export function beginOn(tariffs: TariffRules[], at: number, day: string | null) {
	const tariff = tariffs[at];
	if (!tariff) return;
	tariff.valid.from = day;
	const before = tariffs[at - 1];
	if (before) before.valid.to = day && addDays(day, -1);
}

/** Adds a tariff that begins on `day`; the last one so far ends the day before. */
export function addFrom(tariffs: TariffRules[], day: string, units: UnitRules[]) {
	const last = tariffs.at(-1);
	tariffs.push({ valid: { from: day, to: last?.valid.to ?? null }, units });
	if (last) last.valid.to = addDays(day, -1);
}

/** Takes a tariff away; the one before goes on for its time. */
export function takeAway(tariffs: TariffRules[], at: number) {
	const [gone] = tariffs.splice(at, 1);
	const before = tariffs[at - 1];
	if (gone && before) before.valid.to = gone.valid.to;
	const first = tariffs[0];
	if (gone && at === 0 && first) first.valid.from = gone.valid.from;
}

/** The first day of the month after a day: when prices usually change. */
export function nextMonth(day: string): string {
	return addDays(`${day.slice(0, 7)}-28`, 7).slice(0, 8) + '01';
}
