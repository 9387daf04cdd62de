// Several visits bought in one go: from the cart to the tickets of each, at phone and desktop width.
import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import type { Venue } from '../src/lib/api/types';
import { chooseFirstSlot, fillContact, picture, platform, venueOf } from './platform';

async function expectFitAndAccessible(page: Page) {
	const { violations } = await new AxeBuilder({ page })
		.withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'])
		.analyze();
	const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
	expect(grave.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([]);
	const [wide, shown] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
	expect(wide).toBeLessThanOrEqual(shown ?? 0);
}

async function otherMuseum(page: Page): Promise<Venue> {
	const answer = await page.request.get(`${platform.base}/v1/venues`);
	const { venues } = (await answer.json()) as { venues: Venue[] };
	const other = venues.find(
		({ id, kind, full_price_cents }) => id !== platform.venue && kind === 'MUSEUM' && full_price_cents > 0
	);
	if (!other) throw new Error('there is no other museum with a full price');
	return other;
}

/** Puts one adult into the cart: at the first free time of a venue, or on the last day of the month. */
async function addVisit(page: Page, venue: string, day: 'first' | 'last' = 'first') {
	await page.goto(`/venue/?id=${venue}`);
	const days = page.locator('[data-testid^="day-"]:not(:disabled)');
	await days.first().waitFor();
	if (day === 'first') {
		await chooseFirstSlot(page, 1);
	} else {
		await days.last().click();
		await page.locator('[data-testid^="slot-"]:not(:disabled)').first().click();
	}
	await page.getByTestId('unit-adult-plus').click();
	await page.getByTestId('add-visit').click();
	await expect(page).toHaveURL(/\/cart\/$/);
}

test('two museums go into one cart, are paid once, and one is given up', async ({ page }) => {
	const [first, second] = [await venueOf(page), await otherMuseum(page)];

	await test.step('the visitor fills the cart', async () => {
		await page.goto('/cart/');
		await expect(page.getByRole('heading', { level: 1 })).toHaveText('Il carrello è vuoto');
		await page.goto(`/venue/?id=${first.id}`);
		await page.getByTestId('add-visit').click();
		await expect(page.getByTestId('todo')).toBeFocused();
		await expect(page.getByTestId('todo')).not.toContainText('e-mail');
		await addVisit(page, first.id);
		await expect(page.getByTestId('cart-visit')).toHaveCount(1);
		await page.getByTestId('add-another').click();
		await expect(page.getByTestId('cart-link')).toHaveText('Carrello: 1 visita');
		await addVisit(page, second.id, 'last');
		await expect(page.getByTestId('cart-visit')).toHaveCount(2);
		// The cart is the tab's: it is still there after a reload.
		await page.reload();
		await expect(page.getByTestId('cart-visit')).toHaveCount(2);
		await expectFitAndAccessible(page);
		await picture(page, 'cart');
	});

	await test.step('the same visit does not go in twice', async () => {
		await page.goto(`/venue/?id=${first.id}`);
		await page.locator('[data-testid^="day-"]:not(:disabled)').first().waitFor();
		await chooseFirstSlot(page, 1);
		await page.getByTestId('unit-adult-plus').click();
		await page.getByTestId('add-visit').click();
		await expect(page.getByTestId('not-added')).toBeVisible();
		await page.goto('/cart/');
	});

	await test.step('holds all places and pays once', async () => {
		await page.getByTestId('hold').click();
		await expect(page.getByTestId('todo')).toBeFocused();
		await fillContact(page);
		await page.getByTestId('hold').click();
		await expect(page).toHaveURL(/\/order\/\?uuid=/);
		await expect(page.getByTestId('countdown')).toHaveText(/^\d+:\d\d$/);
		await expect(page.getByTestId('cart-link')).toHaveCount(0);
		await expect(page.getByTestId('terms'), 'each museum has its own, shown before paying').toHaveCount(2);
		await expectFitAndAccessible(page);
		await picture(page, 'order-held');
		await page.getByTestId('pay').click();
		await page.locator('button[name=outcome][value=decline]').click();
		await expect(page.getByTestId('declined')).toBeVisible({ timeout: 30_000 });
		await page.getByTestId('pay').click();
		await page.locator('button[name=outcome][value=pay]').click();
		await expect(page.getByTestId('booking-status')).toHaveAttribute('data-status', 'CONFIRMED', {
			timeout: 30_000
		});
		await expect(page.getByTestId('ordered-visit')).toHaveCount(2);
		await expect(page.getByTestId('ticket')).toHaveCount(2);
		await expectFitAndAccessible(page);
		await picture(page, 'order-tickets');
	});

	await test.step('gives one visit up and keeps the other', async () => {
		const last = page.getByTestId('ordered-visit').last();
		await last.getByTestId('cancel').click();
		await last.getByTestId('cancel-yes').click();
		await expect(last).toHaveAttribute('data-status', 'CANCELLED');
		await expect(page.getByTestId('ticket')).toHaveCount(1);
		await expect(page.getByTestId('booking-status')).toHaveAttribute('data-status', 'CONFIRMED');
		await expectFitAndAccessible(page);
		await picture(page, 'order-one-left');
	});
});

test('a cart of one visit is a booking, and a held order is given up as a whole', async ({ page }) => {
	const [first, second] = [await venueOf(page), await otherMuseum(page)];
	await addVisit(page, first.id);
	await fillContact(page);
	await page.getByTestId('hold').click();
	await expect(page).toHaveURL(/\/booking\/\?uuid=/);
	await page.getByTestId('cancel').click();
	await page.getByTestId('cancel-yes').click();
	await expect(page.getByTestId('booking-status')).toHaveAttribute('data-status', 'CANCELLED');

	await addVisit(page, first.id);
	await addVisit(page, second.id);
	await page.getByTestId('cart-remove').first().click();
	await expect(page.getByTestId('cart-visit')).toHaveCount(1);
	await addVisit(page, first.id);
	await fillContact(page);
	await page.getByTestId('hold').click();
	await page.getByTestId('countdown').waitFor();
	await page.getByTestId('cancel').click();
	await page.getByTestId('cancel-yes').click();
	await expect(page.getByTestId('booking-status')).toHaveAttribute('data-status', 'CANCELLED');
	await page.getByTestId('book-again').click();
	await expect(page).toHaveURL(/\/$/);
});
