// What the browser tests need to know about the running platform, and a few hands they share.
import { join } from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import type { Venue } from '../src/lib/api/types';

function required(name: string, what: string): string {
	const value = process.env[name];
	if (!value) throw new Error(`set ${name}: ${what}`);
	return value;
}

export const platform = {
	get base() {
		return required('ATRIO_BASE', 'the address `atrio serve` printed, such as http://127.0.0.1:8080');
	},
	get venue() {
		return required('ATRIO_VENUE', 'the id of a museum with a full price, such as 20240');
	},
	get deskToken() {
		return required('ATRIO_DESK_TOKEN', 'atrio token --role desk --venue $ATRIO_VENUE');
	},
	get gateToken() {
		return required('ATRIO_GATE_TOKEN', 'atrio token --role gate --venue $ATRIO_VENUE');
	},
	/** The program itself, for tests that need a platform of their own. */
	get program() {
		return required('ATRIO_PROGRAM', 'the path of the program `atrio`, built');
	},
	get managerToken() {
		return required('ATRIO_MANAGER_TOKEN', 'atrio token --role manager --venue $ATRIO_VENUE');
	},
	/** Of somebody who may do everything at every venue. */
	get adminToken() {
		return required('ATRIO_ADMIN_TOKEN', 'atrio token --role admin');
	}
};

export async function venueOf(page: Page): Promise<Venue> {
	const answer = await page.request.get(`${platform.base}/v1/venues`);
	const { venues } = (await answer.json()) as { venues: Venue[] };
	const venue = venues.find(({ id }) => id === platform.venue);
	if (!venue) throw new Error(`ATRIO_VENUE \`${platform.venue}\` is not one of ${venues.length} venues`);
	return venue;
}

/** Opens a staff page by its link, as staff do. Leaving first makes the fragment count as new. */
export async function openStaffPage(
	page: Page,
	path:
		| '/desk/'
		| '/gate/'
		| '/dashboard/'
		| '/offer/'
		| '/conflicts/'
		| '/devices/'
		| '/groups/'
		| '/staff/'
		| '/refunds/'
		| '/webhooks/'
		| '/campaigns/'
		| '/templates/'
		| '/resellers/',
	token: string,
	venue = platform.venue
) {
	await page.goto('about:blank');
	await page.goto(`${path}#token=${token}&venue=${venue}`);
	await expect(page).toHaveURL((url) => url.hash === '');
}

const shots = process.env.ATRIO_SHOTS ?? join(import.meta.dirname, '../test-results/shots');

/** Keeps a picture of the page as the visitor sees it, named by project so that widths sit together. */
export async function picture(page: Page, name: string, { fullPage = true } = {}) {
	await page.evaluate(() => document.fonts.ready);
	await page.screenshot({ path: join(shots, `${test.info().project.name}-${name}.png`), fullPage });
}

/** The first day and slot with enough places for `people`, chosen as a visitor would. */
export async function chooseFirstSlot(page: Page, people: number): Promise<string> {
	const days = page.locator('[data-testid^="day-"]:not(:disabled):not([data-status="SOLD_OUT"])');
	await days.first().waitFor();
	for (const day of await days.all()) {
		const date = ((await day.getAttribute('data-testid')) ?? '').replace('day-', '');
		await day.click();
		const slots = page.locator(`[data-day="${date}"] [data-testid^="slot-"]:not(:disabled)`);
		await slots.first().waitFor();
		for (const slot of await slots.all()) {
			if (Number(await slot.getAttribute('data-vacancies')) < people) continue;
			await slot.click();
			return date;
		}
	}
	throw new Error(`no slot of this month has ${people} places left`);
}

export async function fillContact(page: Page) {
	await page.locator('#full-name').fill('Visitatore di prova');
	await page.locator('#email').fill('visitatore@example.org');
}

export async function numberIn(page: Page, testId: string): Promise<number> {
	const text = (await page.getByTestId(testId).textContent()) ?? '';
	return Number(text.replace(/\D/g, '') || Number.NaN);
}
