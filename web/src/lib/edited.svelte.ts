// What is read, changed on a page and saved over the version that was read.

import { asProblem, type Problem } from '$lib/api/problem';
import type { Versioned } from '$lib/api/transport';

export type Stage = 'loading' | 'editing' | 'rehearsed' | 'saved';

export abstract class Edited<T> {
	value = $state<T | null>(null);
	stage = $state<Stage>('loading');
	problem = $state.raw<Problem | null>(null);
	isBusy = $state(false);
	/** There is nothing of that name yet: it is made by saving. */
	isNew = $state(false);
	private tag = '';

	/** The version that was read; null where there is none yet. */
	protected get entityTag(): string | null {
		return this.isNew ? null : this.tag;
	}

	protected abstract load(): Promise<Versioned<T>>;

	/** Reads it, or begins with a fresh one. */
	protected begin(fresh?: T) {
		if (fresh === undefined) {
			this.read();
			return;
		}
		this.value = fresh;
		this.isNew = true;
		this.stage = 'editing';
	}

	async read() {
		await this.attempt(async () => {
			const { value, entityTag } = await this.load();
			this.value = value;
			this.isNew = false;
			this.reached('editing', entityTag);
		});
	}

	/** Something was changed on the page: what was rehearsed or saved is no longer what stands there. */
	edited() {
		this.stage = 'editing';
		this.problem = null;
	}

	protected reached(stage: Stage, entityTag: string) {
		this.tag = entityTag;
		this.isNew &&= stage !== 'saved';
		this.stage = stage;
	}

	protected async attempt(step: () => Promise<void>) {
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
