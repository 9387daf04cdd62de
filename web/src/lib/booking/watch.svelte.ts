// Follows one booking: reads it, reads it often while a payment is being decided, slowly otherwise.
import { getBooking } from '$lib/api/client';
import { asProblem, type Problem } from '$lib/api/problem';
import type { Booking } from '$lib/api/types';

const PAYING_MS = 1500;
const HELD_MS = 10_000;
const TROUBLE_MS = 4000;

export class BookingWatch {
	booking = $state.raw<Booking | null>(null);
	problem = $state.raw<Problem | null>(null);
	/** When this page first saw the payment pending, to say so when it takes long. */
	payingSince = $state<number | null>(null);
	#timer: ReturnType<typeof setTimeout> | undefined;
	#isStopped = false;

	constructor(private readonly uuid: string) {}

	take(booking: Booking) {
		this.booking = booking;
		this.problem = null;
		if (booking.status !== 'PAYING') this.payingSince = null;
		else this.payingSince ??= Date.now();
	}

	async read() {
		clearTimeout(this.#timer);
		try {
			this.take(await getBooking(this.uuid));
		} catch (caught) {
			this.problem = asProblem(caught);
		}
		if (this.#isStopped) return;
		const wait = this.#nextRead();
		if (wait) this.#timer = setTimeout(() => this.read(), wait);
	}

	#nextRead(): number | null {
		if (this.problem) return this.problem.isTransient ? TROUBLE_MS : null;
		if (this.booking?.status === 'PAYING') return PAYING_MS;
		return this.booking?.status === 'ON_HOLD' ? HELD_MS : null;
	}

	stop() {
		this.#isStopped = true;
		clearTimeout(this.#timer);
	}
}
