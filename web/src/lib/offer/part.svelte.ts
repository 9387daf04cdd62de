// One part of what a venue offers, between reading and saving: edited, then rehearsed on the server,
// which says whose booked places it would leave without a slot, then saved over the version read.

import { changeOffer, readOffer, type OfferChange } from '$lib/api/offer';
import { Edited, type Stage } from '$lib/edited.svelte';

export class OfferPart<T> extends Edited<T> {
	change = $state.raw<OfferChange | null>(null);

	/** Reads the part, or begins with a `fresh` one. */
	constructor(
		readonly token: string,
		readonly venueId: string,
		private readonly part: string,
		fresh?: T
	) {
		super();
		this.begin(fresh);
	}

	protected load() {
		return readOffer<T>(this.token, this.venueId, this.part);
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
			this.reached(next, entityTag);
		});
		return this.problem === null;
	}
}
