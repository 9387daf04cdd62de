// The live figures of one venue and day. It asks every few seconds with the tag of what it has, so
// an unchanged lake costs one empty answer; it rests while nobody looks at the tab.
import { pollDashboard } from '$lib/api/client';
import { asProblem, type Problem } from '$lib/api/problem';
import type { Dashboard } from '$lib/api/types';

const EVERY_MS = 2500;

export class DashboardFeed {
	dashboard = $state.raw<Dashboard | null>(null);
	problem = $state.raw<Problem | null>(null);
	isPaused = $state(false);
	#etag: string | null = null;
	#timer: ReturnType<typeof setTimeout> | undefined;
	#isStopped = false;

	constructor(
		private readonly token: string,
		private readonly venueId: string,
		private readonly day: string,
		private readonly onnews: () => void
	) {}

	start() {
		document.addEventListener('visibilitychange', this.#look);
		this.#ask();
		return () => {
			this.#isStopped = true;
			clearTimeout(this.#timer);
			document.removeEventListener('visibilitychange', this.#look);
		};
	}

	#look = () => {
		this.isPaused = document.visibilityState === 'hidden';
		if (!this.isPaused) this.#ask();
	};

	async #ask() {
		clearTimeout(this.#timer);
		try {
			const news = await pollDashboard(this.token, this.venueId, this.day, this.#etag);
			if (this.#isStopped) return;
			if (news) {
				this.#etag = news.etag;
				this.dashboard = news.value;
				this.onnews();
			}
			this.problem = null;
		} catch (caught) {
			if (this.#isStopped) return;
			this.problem = asProblem(caught);
			// A key without the right stays without it: asking again would only fill the logs.
			if (this.problem.status >= 400 && !this.problem.isTransient) return;
		}
		if (!this.isPaused) this.#timer = setTimeout(() => this.#ask(), this.#wait());
	}

	#wait(): number {
		const asked = (this.problem?.retryAfterSeconds ?? 0) * 1000;
		return Math.max(EVERY_MS, asked);
	}
}
