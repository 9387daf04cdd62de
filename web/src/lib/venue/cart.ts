// The rules of the cart that the page can check by itself, so that a visitor learns of them before
// sending anything: who needs company, how many fit, what it costs. The server checks them again.
import type { BookingRequest, Day, OnSale, Price, Product, Quote, Slot, Tariff, Unit } from '../api/types';

export type Quantities = Record<string, number>;

export type Priced = { unit: Unit } & Pick<Price, 'price_cents' | 'components' | 'reason' | 'show'>;

/**
 * The product's units with the prices of one day, which may differ: another tariff, a surcharge, a
 * day that is free for all. Before a day is chosen, those of the next tariff as it usually is.
 */
export function pricedUnits(product: Product, day: Day | null): Priced[] {
	const option = product.options[0];
	if (!option) return [];
	const holds = ({ from, to }: Tariff) => !day || ((from ?? '') <= day.date && day.date <= (to ?? '9999'));
	const units = option.tariffs.find(holds)?.units ?? [];
	return units.map((unit) => {
		const ofDay = day?.prices.find((price) => price.option_id === option.id && price.unit_id === unit.id);
		const usual = { price_cents: unit.price_cents, components: [], reason: unit.reason, show: unit.show };
		return { unit, ...(ofDay ?? usual) };
	});
}

/** What a visit costs with its code, and the visit it was asked for, as text. */
export type Reduced = Quote & { line: string };

/** How many come of some units; of none that the tariff of the day has not. */
export function peopleIn(priced: Priced[], quantities: Quantities): number {
	return priced.reduce((sum, { unit }) => sum + (quantities[unit.id] ?? 0), 0);
}

export function totalCents(priced: Priced[], quantities: Quantities): number {
	return priced.reduce((sum, { unit, price_cents }) => sum + price_cents * (quantities[unit.id] ?? 0), 0);
}

const among = (ids: string[], quantities: Quantities) =>
	ids.reduce((sum, id) => sum + (quantities[id] ?? 0), 0);

/** Units in the cart that may not come alone and have none of their companions beside them. */
export function unaccompanied(priced: Priced[], quantities: Quantities): Unit[] {
	return priced
		.map(({ unit }) => unit)
		.filter((unit) => (quantities[unit.id] ?? 0) > 0 && unit.accompanied_by.length > 0)
		.filter((unit) => among(unit.accompanied_by, quantities) === 0);
}

/** Companions in the cart of whom there are more than people to accompany. */
export function tooManyCompanions(priced: Priced[], quantities: Quantities): Unit[] {
	return priced
		.map(({ unit }) => unit)
		.filter((unit) => unit.companion_of.length > 0)
		.filter((unit) => (quantities[unit.id] ?? 0) > among(unit.companion_of, quantities));
}

/** The sale that visits of a day are in, while there is a line before it. */
export const saleOf = (product: Product, day: string | null): OnSale | null =>
	product.on_sales.find(({ first_day, last_day }) => day && first_day <= day && day <= last_day) ?? null;

/** How many people one booking may hold in a slot. */
export function mostPeople(product: Product, slot: Slot | null): number {
	const most = Math.min(product.max_units, product.person_limit?.tickets ?? product.max_units);
	return Math.min(most, slot?.vacancies ?? most);
}

/** The shelfmarks in a text that has one on each line. */
export const shelfmarksIn = (text: string): string[] =>
	text
		.split('\n')
		.map((line) => line.trim())
		.filter(Boolean);

export interface Contact {
	full_name: string;
	email: string;
	phone: string;
}

export type Wrong = Partial<Record<keyof Contact, true>>;

/** Whether mail can be sent there, as far as the text tells. */
export const isMail = (text: string): boolean => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text.trim());

export function checkContact(contact: Contact): Wrong {
	const wrong: Wrong = {};
	if (contact.full_name.trim().length < 2) wrong.full_name = true;
	if (!isMail(contact.email)) wrong.email = true;
	const phone = contact.phone.trim();
	if (phone && !/^\+?[\d\s().-]{5,20}$/.test(phone)) wrong.phone = true;
	return wrong;
}

/**
 * Gives the same uuid to the same booking, however often it is sent, and a new one once anything
 * in it changes: a retry after a lost answer must find the first hold, never make a second.
 */
export class Attempts<Request = Omit<BookingRequest, 'uuid'>> {
	#body = '';
	#uuid = '';

	constructor(private readonly fresh: () => string) {}

	uuidFor(request: Request): string {
		const body = JSON.stringify(request);
		if (body !== this.#body) {
			this.#body = body;
			this.#uuid = this.fresh();
		}
		return this.#uuid;
	}
}
