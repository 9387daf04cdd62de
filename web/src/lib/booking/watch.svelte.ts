// Follows one booking or order: reads it, reads it often while a payment is being decided, slowly otherwise.
import { asProblem, type Problem } from '$lib/api/problem';
import type { BookingStatus } from '$lib/api/types';

const PAYING_MS = 1500;
const HELD_MS = 10_000;
const TROUBLE_MS = 4000;

export class Watch<Seen extends { status: BookingStatus }> {
	seen = $state.raw<Seen | null>(null);
	problem = $state.raw<Problem | null>(null);
	/** When this page first saw the payment pending, to say so when it takes long. */
	payingSince = $state<number | null>(null);
	#timer: ReturnType<typeof setTimeout> | undefined;
	#isStopped = false;

	constructor(private readonly ask: () => Promise<Seen>) {}

	take(seen: Seen) {
		this.seen = seen;
		this.problem = null;
		if (seen.status !== 'PAYING') this.payingSince = null;
		else this.payingSince ??= Date.now();
	}

	async read() {
		clearTimeout(this.#timer);
		try {
			this.take(await this.ask());
		} catch (caught) {
			this.problem = asProblem(caught);
		}
		if (this.#isStopped) return;
		const wait = this.#nextRead();
		if (wait) this.#timer = setTimeout(() => this.read(), wait);
	}

	#nextRead(): number | null {
		if (this.problem) return this.problem.isTransient ? TROUBLE_MS : null;
		if (this.seen?.status === 'PAYING') return PAYING_MS;
		return this.seen?.status === 'ON_HOLD' ? HELD_MS : null;
	}

	stop() {
		this.#isStopped = true;
		clearTimeout(this.#timer);
	}
}
