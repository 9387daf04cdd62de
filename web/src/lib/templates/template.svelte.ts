// A template between reading and saving. The server rehearses none: whom it reaches is read from its followers.

import { changeTemplate, listFollowers, readTemplate, type Followers, type Template } from '$lib/api/templates';
import { Edited } from '$lib/edited.svelte';

export class EditedTemplate extends Edited<Template> {
	followers = $state.raw<Followers | null>(null);

	/** Reads the template, or begins with a `fresh` one. */
	constructor(
		readonly token: string,
		readonly id: string,
		fresh?: Template
	) {
		super();
		this.begin(fresh);
		if (!fresh) this.readFollowers();
	}

	protected load() {
		return readTemplate(this.token, this.id);
	}

	readFollowers() {
		return this.attempt(async () => {
			this.followers = await listFollowers(this.token, this.id);
		});
	}

	/** Shows whom it reaches before it is saved. */
	async check() {
		if (!this.isNew) await this.readFollowers();
		if (!this.problem) this.stage = 'rehearsed';
	}

	save() {
		return this.attempt(async () => {
			if (!this.value) return;
			const { entityTag } = await changeTemplate(this.token, $state.snapshot(this.value), this.entityTag);
			this.reached('saved', entityTag);
			this.followers = await listFollowers(this.token, this.id);
		});
	}
}
