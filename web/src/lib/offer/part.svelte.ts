// One part of what a venue offers, between reading and saving: edited, then rehearsed on the server,
// which says whose booked places it would leave without a slot, then saved over the version read.

import { changeOffer, readOffer, type OfferChange } from '$lib/api/offer';
import { asProblem, type Problem } from '$lib/api/problem';

export type Stage = 'loading' | 'editing' | 'rehearsed' | 'saved';

export class OfferPart<T> {
	value = $state<T | null>(null);
	stage = $state<Stage>('loading');
	problem = $state.raw<Problem | null>(null);
	change = $state.raw<OfferChange | null>(null);
	isBusy = $state(false);
	private entityTag = '';

	constructor(
		readonly token: string,
		readonly venueId: string,
		private readonly part: string
	) {
		this.read();
	}

	async read() {
		await this.attempt(async () => {
			const { value, entityTag } = await readOffer<T>(this.token, this.venueId, this.part);
			this.value = value;
			this.entityTag = entityTag;
			this.stage = 'editing';
		});
	}

	/** Something was changed on the page: what was rehearsed or saved is no longer what stands there. */
	edited() {
		this.stage = 'editing';
		this.problem = null;
	}

	rehearse() {
		return this.send(true, 'rehearsed');
	}

	save() {
		return this.send(false, 'saved');
	}

	/** Saves another value in the place of this one, which stands until the server has taken the other. */
	async saveAs(value: T) {
		if (await this.send(false, 'saved', value)) this.value = value;
	}

	/** Sends a value; true when the server took it. */
	private async send(isRehearsal: boolean, next: Stage, value: unknown = $state.snapshot(this.value)) {
		await this.attempt(async () => {
			const { value: change, entityTag } = await changeOffer(
				this.token,
				this.venueId,
				this.part,
				this.entityTag,
				value,
				isRehearsal
			);
			this.change = change;
			this.entityTag = entityTag;
			this.stage = next;
		});
		return this.problem === null;
	}

	private async attempt(step: () => Promise<void>) {
		this.isBusy = true;
		this.problem = null;
		try {
			await step();
		} catch (caught) {
			this.problem = asProblem(caught);
		}
		this.isBusy = false;
	}
}
