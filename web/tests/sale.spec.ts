// The line before a sale that opens at an hour, as a visitor stands in it.
import { expect, test } from '@playwright/test';
import { fillContact, picture, platform } from './platform';

test('who waits for a sale is drawn, and who has their turn books', async ({ page }, { project }) => {
	// Each width has days of its own, of a month that no other test books.
	const [later, open] =
		project.name === 'phone' ? ['2027-05-05', '2027-05-06'] : ['2027-05-12', '2027-05-13'];
	const address = `${platform.base}/v1/venues/${platform.venue}/products/admission`;
	const headers = { authorization: `Bearer ${platform.managerToken}` };
	const read = await page.request.get(address, { headers });
	const product = (await read.json()) as object;
	const now = Date.parse(read.headers().date ?? '');
	const at = (minutes: number) => new Date(now + minutes * 60_000).toISOString();
	const sale = (id: string, day: string, opens: number) => ({
		id,
		first_day: day,
		last_day: day,
		room_opens_at: at(opens - 30),
		opens_at: at(opens),
		line_ends_at: at(opens + 180),
		turns_per_minute: 60
	});
	const changed = await page.request.put(address, {
		headers: { ...headers, 'if-match': read.headers().etag ?? '' },
		data: { ...product, on_sales: [sale('later', later, 20), sale('open', open, -2)] }
	});
	expect(changed.status()).toBe(200);

	await page.goto(`/venue/?id=${platform.venue}`);
	const day = page.getByTestId(`day-${later}`);
	while (!(await day.isVisible())) await page.getByLabel('Mese successivo').click();
	await day.click();
	await page.locator('#line-email').fill('visitatore@example.org');
	await page.getByTestId('line-join').click();
	await expect(page.getByTestId('line-DRAW')).toBeVisible();
	await picture(page, 'sale-draw');

	await page.getByTestId(`day-${open}`).click();
	await page.locator('#line-email').fill('visitatore@example.org');
	await page.getByTestId('line-join').click();
	await expect(page.getByTestId('line-TURN')).toBeVisible();
	await page.getByTestId('slot-11:00').click();
	await page.getByTestId('unit-adult-plus').click();
	await fillContact(page);
	await picture(page, 'sale-turn');
	await page.getByTestId('hold').click();
	await expect(page).toHaveURL(/\/booking\/\?uuid=/);
});
