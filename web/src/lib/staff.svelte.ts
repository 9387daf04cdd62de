// The access key of a staff page: taken from the link's fragment (which browsers never send to a
// server), moved to this tab's storage and wiped from the address, so that it is not bookmarked,
// shared by mistake or left in the history.

export type StaffPage = 'desk' | 'gate' | 'manager' | 'portal' | 'window';

export interface StaffKey {
	token: string;
	venue: string;
}

const place = (page: StaffPage) => `atrio.key.${page}`;

function read(page: StaffPage): StaffKey {
	try {
		const kept = JSON.parse(sessionStorage.getItem(place(page)) ?? '{}') as Partial<StaffKey>;
		return { token: kept.token ?? '', venue: kept.venue ?? '' };
	} catch {
		return { token: '', venue: '' };
	}
}

export class Staff {
	key = $state<StaffKey>({ token: '', venue: '' });

	constructor(private readonly page: StaffPage) {
		const kept = read(page);
		const fragment = new URLSearchParams(location.hash.slice(1));
		const token = fragment.get('token');
		this.key = {
			token: token ?? kept.token,
			venue: fragment.get('venue') ?? (token ? '' : kept.venue)
		};
		if (token || fragment.has('venue')) {
			this.keep();
			history.replaceState(history.state, '', location.pathname + location.search);
		}
	}

	use(changed: Partial<StaffKey>) {
		this.key = { ...this.key, ...changed };
		this.keep();
	}

	/** Forgets the key, as when the shift ends or the server refuses it. */
	leave() {
		this.key = { token: '', venue: this.key.venue };
		this.keep();
	}

	private keep() {
		try {
			sessionStorage.setItem(place(this.page), JSON.stringify(this.key));
		} catch {
			// Without storage the key lasts until the page is reloaded.
		}
	}
}
