// Staff find all their pages in one place; visitors see one word.
import { expect, test } from '@playwright/test';
import { expectAccessible, expectNoSidewaysScroll } from './accessible';
import { picture } from './platform';

const PAGES = [
	'/dashboard/',
	'/desk/',
	'/gate/',
	'/devices/',
	'/offer/',
	'/campaigns/',
	'/templates/',
	'/groups/',
	'/staff/',
	'/conflicts/',
	'/refunds/',
	'/webhooks/',
	'/resellers/',
	'/portal/'
];

test('staff find every page of theirs behind one button, by mouse and by keyboard', async ({ page }) => {
	await page.goto('/');
	const menu = page.getByRole('navigation', { name: 'Per il personale' });
	await expect(menu).toBeHidden();
	const opener = page.getByTestId('staff-menu');
	await opener.click();
	await expect(menu).toBeVisible();
	const links = await menu.getByRole('link').all();
	expect(await Promise.all(links.map((link) => link.getAttribute('href')))).toEqual(PAGES);
	await expectAccessible(page);
	await expectNoSidewaysScroll(page);
	await picture(page, 'staff-menu', { fullPage: false });

	await menu.getByRole('link', { name: 'Rimborsi' }).click();
	await expect(page.getByRole('heading', { level: 1 })).toHaveText('Rimborsi');
	await expect(menu).toBeHidden();
	await opener.focus();
	await page.keyboard.press('Enter');
	await expect(menu.getByRole('link', { name: 'Rimborsi' })).toHaveAttribute('aria-current', 'page');
	await page.keyboard.press('Escape');
	await expect(menu).toBeHidden();
	await expect(opener).toBeFocused();
	// Whoever goes on by keyboard leaves it closed behind.
	await page.keyboard.press('Enter');
	for (let tabs = 0; tabs <= PAGES.length; tabs += 1) await page.keyboard.press('Tab');
	await expect(menu).toBeHidden();
	for (const path of PAGES) {
		await page.goto(path);
		await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
	}
});
