// What a venue still has to offer, read a month at a time as the visitor turns the calendar.
import { getAvailability, serverNow } from '$lib/api/client';
import { asProblem, type Problem } from '$lib/api/problem';
import type { Day } from '$lib/api/types';
import { romeDay } from '$lib/format';
import { addMonths, isBookable, lastDay } from './calendar';

// Booking opens 180 days ahead; the server says so for each day beyond.
const MONTHS_AHEAD = 6;

export class AvailabilityOf {
	readonly today = romeDay(serverNow());
	month = $state(this.today.slice(0, 7));
	days = $state.raw(new Map<string, Day>());
	isLoading = $state(false);
	problem = $state.raw<Problem | null>(null);

	readonly canGoBack = $derived(this.month > this.today.slice(0, 7));
	readonly canGoOn = $derived(this.month < addMonths(this.today.slice(0, 7), MONTHS_AHEAD));
	readonly firstBookable = $derived(
		[...this.days.values()]
			.filter((day) => day.date.startsWith(this.month) && isBookable(day.status))
			.map((day) => day.date)
			.sort()[0] ?? null
	);

	constructor(
		private readonly venueId: string,
		private readonly productId: string
	) {}

	/** Opens the first month that has a bookable day: late in a month the current one may be over. */
	async open() {
		await this.loadMonth();
		if (!this.firstBookable && !this.problem) await this.turn(1);
	}

	async turn(step: 1 | -1) {
		this.month = addMonths(this.month, step);
		await this.loadMonth();
	}

	async loadMonth() {
		const first = `${this.month}-01`;
		await this.load(first < this.today ? this.today : first, lastDay(this.month));
	}

	/** Reads some days again, because others are booking at the same time. */
	async load(from: string, to: string) {
		const asked = this.month;
		this.isLoading = true;
		this.problem = null;
		try {
			const { days } = await getAvailability(this.venueId, this.productId, from, to);
			this.days = new Map([...this.days, ...days.map((day) => [day.date, day] as const)]);
		} catch (caught) {
			// A month that was left meanwhile may fail in silence; it is read again when turned to.
			if (asked === this.month) this.problem = asProblem(caught);
		} finally {
			this.isLoading = false;
		}
	}
}
