// The basket of this tab. It stays in the browser, names no person, and ends with the tab.
import { remembered, type Visit } from './basket';

const NAME = 'atrio.basket';

function stored(): Visit[] {
	try {
		return remembered(sessionStorage.getItem(NAME));
	} catch {
		// A browser that forbids storage still has a basket, until the page is left.
		return [];
	}
}

class Basket {
	visits = $state.raw<Visit[]>(stored());

	add(visit: Visit) {
		this.#keep([...this.visits, visit]);
	}

	remove(key: string) {
		this.#keep(this.visits.filter((visit) => visit.key !== key));
	}

	clear() {
		this.#keep([]);
	}

	#keep(visits: Visit[]) {
		this.visits = visits;
		try {
			sessionStorage.setItem(NAME, JSON.stringify(visits));
		} catch {
			// As above.
		}
	}
}

export const basket = new Basket();
