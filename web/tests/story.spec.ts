// The visitor's day from the first search to the gate, and what the manager sees of it meanwhile.
import { expect, test } from '@playwright/test';
import {
	chooseFirstSlot,
	fillContact,
	numberIn,
	openStaffPage,
	picture,
	platform,
	venueOf
} from './platform';

test('a family books, pays, enters once, and the manager sees it', async ({ page }) => {
	const venue = await venueOf(page);
	expect(venue.full_price_cents, 'ATRIO_VENUE must charge adults').toBeGreaterThan(0);
	let day = '';
	let code = '';

	await test.step('the visitor finds the venue', async () => {
		await page.goto('/');
		await expect(page.getByTestId('venue-item').first()).toBeVisible();
		await picture(page, '01-find', { fullPage: false });
		await page.getByTestId('venue-search').fill(`${venue.name} ${venue.municipality}`);
		const found = page.getByTestId('venue-item').and(page.locator(`[href="/venue/?id=${venue.id}"]`));
		await expect(found).toBeVisible();
		await picture(page, '02-found', { fullPage: false });
		await found.click();
		await expect(page.getByRole('heading', { level: 1 })).toHaveText(venue.name);
	});

	await test.step('chooses day, time and people', async () => {
		await page.locator('[data-testid^="day-"]:not(:disabled)').first().waitFor();
		await picture(page, '03-venue');
		day = await chooseFirstSlot(page, 2);
		await page.getByTestId('unit-child-plus').click();
		await expect(page.getByTestId('unaccompanied')).toBeVisible();
		await page.getByTestId('unit-adult-plus').click();
		await expect(page.getByTestId('unaccompanied')).toHaveCount(0);
		await fillContact(page);
		await picture(page, '04-cart');
	});

	await test.step('holds the places and pays', async () => {
		await page.getByTestId('hold').click();
		await expect(page.getByTestId('countdown')).toHaveText(/^\d+:\d\d$/);
		await picture(page, '05-held');
		await page.getByTestId('pay').click();
		await page.locator('button[name=outcome][value=pay]').waitFor();
		await picture(page, '06-provider', { fullPage: false });
		await page.locator('button[name=outcome][value=pay]').click();
		await expect(page.getByTestId('booking-status')).toHaveAttribute('data-status', 'CONFIRMED', {
			timeout: 30_000
		});
		await expect(page.getByTestId('ticket')).toHaveCount(2);
		code = (await page.getByTestId('ticket-code').first().textContent()) ?? '';
		expect(code).toMatch(/^([0-9A-Z]{4}-){3}[0-9A-Z]{4}$/);
		await picture(page, '07-tickets');
	});
	const tickets = page.url();

	await test.step('a lost ticket is issued again', async () => {
		await expect(page.getByTestId('mail-note')).toHaveText(/ a .…@.….+\.$/, { timeout: 20_000 });
		await expect(page.getByTestId('visit-ics')).toHaveAttribute('href', /\/visit\.ics\?lang=it$/);
		const last = page.getByTestId('ticket-code').last();
		const lost = (await last.textContent()) ?? '';
		await page.getByTestId('reissue').last().click();
		await page.getByTestId('reissue-yes').click();
		await expect(last).not.toHaveText(lost);
		await expect(page.getByTestId('ticket')).toHaveCount(2);
	});

	await test.step('the gate admits once', async () => {
		await openStaffPage(page, '/gate/', platform.gateToken);
		const result = page.getByTestId('gate-result');
		// Typed the way people type: lower case, spaces for dashes.
		await page.getByTestId('gate-code').fill(code.toLowerCase().replaceAll('-', ' '));
		await page.getByTestId('gate-submit').click();
		await expect(result).not.toHaveAttribute('data-outcome', /ready|checking/);
		expect(
			await result.textContent(),
			'the story needs a platform whose clock is in opening hours'
		).not.toMatch(/Troppo presto/);
		await expect(result).toHaveAttribute('data-outcome', 'admitted');
		await picture(page, '08-admitted', { fullPage: false });
		await page.getByTestId('gate-code').fill(code);
		await page.getByTestId('gate-submit').click();
		await expect(result).toHaveAttribute('data-outcome', 'refused');
		await expect(result).toContainText(/Biglietto già usato/);
		await expect(result).toContainText(/\d{1,2}:\d\d.*varco main/);
		await picture(page, '09-refused', { fullPage: false });
	});

	await test.step('the ticket says it was used', async () => {
		await page.goto(tickets);
		await expect(page.getByTestId('ticket-status').filter({ hasText: 'Usato' })).toHaveCount(1);
		await picture(page, '10-used');
	});

	await test.step('the manager watches it arrive', async () => {
		await openStaffPage(page, '/dashboard/', platform.managerToken);
		await page.locator('#day').fill(day);
		await expect
			.poll(() => numberIn(page, 'kpi-visitors'), { timeout: 30_000, message: 'visitors booked' })
			.toBeGreaterThanOrEqual(2);
		await expect
			.poll(() => numberIn(page, 'kpi-admissions'), { timeout: 30_000, message: 'admissions at the gate' })
			.toBeGreaterThanOrEqual(1);
		await expect
			.poll(() => numberIn(page, 'kpi-people-in'), { timeout: 30_000, message: 'people counted in' })
			.toBeGreaterThan(0);
		// The charts ease in; the picture is of the figures, not of the movement.
		await page.waitForTimeout(800);
		await picture(page, '11-dashboard');
	});
});
