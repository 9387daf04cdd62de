// The till of one venue: the open shift with its drawer, and the sale in hand. A sale is a hold and
// then the money; both carry the same uuid however often they are sent, so that a lost answer is
// found again and never sold twice.

import {
	cancelBooking,
	closeShift,
	createDeskBooking,
	getShift,
	listShifts,
	openShift,
	sellBooking,
	voidSale
} from '$lib/api/client';
import { asProblem, type Problem } from '$lib/api/problem';
import type { Booking, DeskBookingRequest, Method, Sale, Shift } from '$lib/api/types';
import { newUuid } from '$lib/uuid';
import { Attempts } from '$lib/venue/cart';

/** Places that are held until the names on their tickets are written. */
export interface Nameless {
	booking: Booking;
	method: Method;
	givenCents: number | null;
}

export class Till {
	shift = $state.raw<Shift | null>(null);
	last = $state.raw<Sale | null>(null);
	nameless = $state.raw<Nameless | null>(null);
	problem = $state.raw<Problem | null>(null);
	isBusy = $state(false);
	isRead = $state(false);
	private attempts = new Attempts<Omit<DeskBookingRequest, 'uuid'>>(newUuid);
	private shiftUuid = newUuid();

	constructor(
		private readonly token: string,
		private readonly venueId: string
	) {}

	/** Finds the shift that is open at a desk, as after a reload of the page. */
	find(day: string, deskId: string) {
		return this.attempt(async () => {
			const { shifts } = await listShifts(this.token, this.venueId, day);
			const open = shifts.find(({ status, desk_id }) => status === 'OPEN' && desk_id === deskId);
			if (open) await this.read(open.uuid);
			this.isRead = true;
		});
	}

	open(deskId: string, floatCents: number) {
		return this.attempt(async () => {
			const body = { uuid: this.shiftUuid, desk_id: deskId, float_cents: floatCents };
			const opened = await openShift(this.token, this.venueId, body);
			await this.read(opened.uuid);
			this.last = null;
		});
	}

	/** Sells, or holds the places while their tickets lack the names they ask for. */
	sell(request: Omit<DeskBookingRequest, 'uuid'>, method: Method, givenCents: number | null) {
		return this.inShift(async (shift) => {
			const uuid = this.attempts.uuidFor(request);
			const booking = await createDeskBooking(this.token, { uuid, ...request });
			if (booking.holders && !booking.holders.are_given) {
				this.nameless = { booking, method, givenCents };
				this.last = null;
			} else {
				await this.take(shift, uuid, method, givenCents);
			}
		});
	}

	/** Sells what was held for the names, which are written now. */
	sellNamed({ booking, method, givenCents }: Nameless) {
		return this.inShift(async (shift) => {
			await this.take(shift, booking.uuid, method, givenCents);
			this.nameless = null;
		});
	}

	/** Gives back the places that were held for names. */
	leave({ booking }: Nameless) {
		return this.attempt(async () => {
			await cancelBooking(booking.uuid, 0);
			this.attempts = new Attempts(newUuid);
			this.nameless = null;
		});
	}

	private async take(shift: string, bookingUuid: string, method: Method, givenCents: number | null) {
		const body = { booking_uuid: bookingUuid, method, given_cents: givenCents };
		this.last = await sellBooking(this.token, this.venueId, shift, body);
		this.attempts = new Attempts(newUuid);
		await this.read(shift);
	}

	void(bookingUuid: string, reason: string) {
		return this.inShift(async (shift) => {
			await voidSale(this.token, this.venueId, shift, { booking_uuid: bookingUuid, reason });
			if (this.last?.booking_uuid === bookingUuid) this.last = null;
			await this.read(shift);
		});
	}

	close(countedCents: number) {
		return this.inShift(async (shift) => {
			this.shift = await closeShift(this.token, this.venueId, shift, countedCents);
			this.shiftUuid = newUuid();
			this.last = null;
		});
	}

	/** Leaves a closed shift's account for the next shift. */
	next() {
		this.shift = null;
	}

	private async read(shift: string) {
		this.shift = await getShift(this.token, this.venueId, shift);
	}

	private inShift(step: (shift: string) => Promise<void>) {
		const uuid = this.shift?.uuid;
		return uuid ? this.attempt(() => step(uuid)) : Promise.resolve(false);
	}

	/** Whether the step was taken. */
	private async attempt(step: () => Promise<void>): Promise<boolean> {
		this.isBusy = true;
		this.problem = null;
		try {
			await step();
			return true;
		} catch (caught) {
			this.problem = asProblem(caught);
			return false;
		} finally {
			this.isBusy = false;
		}
	}
}
