// A manager opens a campaign, gives its codes out, sees them used and ends it.
import { readFile } from 'node:fs/promises';
import { expect, test, type Page } from '@playwright/test';
import { expectAccessible, expectNoSidewaysScroll } from './accessible';
import { openStaffPage, picture, platform } from './platform';

async function book(page: Page, code: string) {
	const uuid = crypto.randomUUID();
	const answer = await page.request.post(`${platform.base}/v1/bookings`, {
		data: {
			uuid,
			venue_id: platform.venue,
			product_id: 'admission',
			slot_id: '2027-04-15T10:00',
			units: [{ unit_id: 'adult', quantity: 2 }],
			voucher_code: code,
			contact: { full_name: 'Visitatore di prova', email: `${uuid}@example.org` }
		}
	});
	return { uuid, status: answer.status(), body: (await answer.json()) as Record<string, never> };
}

test('a manager makes a campaign and its codes, sees one used, and ends it', async ({ page }, { project }) => {
	const name = `Estate ${project.name}`;
	await page.goto('/campaigns/');
	await page.getByTestId('staff-token').waitFor();
	await openStaffPage(page, '/campaigns/', platform.managerToken);
	await page.getByTestId('campaign-new').click();
	await page.getByTestId('campaign-name-it').fill(name);
	await page.getByTestId('campaign-name-en').fill(`Summer ${project.name}`);
	await page.getByTestId('campaign-effect').selectOption('cents_off_ticket');
	await page.getByTestId('campaign-amount').fill('1,5x');
	await expect(page.locator('#campaign-amount-wrong')).toContainText('Scrivi un importo');
	await page.getByTestId('campaign-amount').fill('1,50');
	await page.getByTestId('campaign-visited-from').fill('2027-05-01');
	await page.getByTestId('campaign-visited-to').fill('2027-04-01');
	await page.getByTestId('campaign-check').click();
	// What the server finds wrong stands beside the field.
	await expect(page.locator('#campaign-visited-to-fault')).toContainText('the last day comes before the first');
	await expectAccessible(page);
	await page.getByTestId('campaign-visited-from').fill('2027-03-01');
	await page.getByTestId('campaign-visited-to').fill('2027-05-31');
	await page.getByTestId('campaign-check').click();
	await expect(page.getByTestId('campaign-rehearsed')).toContainText('conserva il suo prezzo');
	await expectAccessible(page);
	await expectNoSidewaysScroll(page);
	await picture(page, 'campaign-new');
	await page.getByTestId('campaign-save').click();
	await expect(page.getByTestId('campaigns-said')).toContainText(`${name} è pronta`);

	const card = page.getByTestId('campaign').filter({ hasText: name });
	await expect(card).toHaveAttribute('data-stage', 'RUNNING');
	await expect(card).toContainText('1,50');
	await card.getByTestId('codes-open').click();
	await card.getByLabel('Quanti codici').fill('3');
	await expectAccessible(page);
	const [file] = await Promise.all([page.waitForEvent('download'), card.getByTestId('codes-make').click()]);
	expect(file.suggestedFilename()).toBe(`codes-estate-${project.name}.csv`);
	const [heading, code = '', other = '', ...rest] = (await readFile(await file.path(), 'utf8')).trim().split('\n');
	expect([heading, rest.length]).toEqual(['code', 1]);
	await expect(card.getByTestId('campaign-codes')).toHaveText('3');
	await expect(page.locator('main')).not.toContainText(code);

	const visit = await book(page, code);
	expect(visit.status).toBe(201);
	const { units } = visit.body as unknown as { units: { price_cents: number; components: { price_cents: number }[] }[] };
	expect(units[0]?.components.map(({ price_cents }) => price_cents)).toContain(-150);
	await card.getByTestId('campaign-read').click();
	await expect(card.getByTestId('campaign-used')).toHaveText('1');
	await expectNoSidewaysScroll(page);
	await picture(page, 'campaigns');
	await page.request.post(`${platform.base}/v1/bookings/${visit.uuid}/cancel`, { data: {} });

	// What it does is changed, and given up at first.
	await card.getByTestId('campaign-change').click();
	await expect(page.getByTestId('campaign-name-it')).toBeFocused();
	await page.getByTestId('campaign-amount').fill('9');
	await page.getByRole('button', { name: 'Lascia stare' }).click();
	await expect(card).toContainText('1,50');
	await card.getByTestId('campaign-change').click();
	await expect(page.getByTestId('campaign-amount')).toHaveValue('1,50');
	await page.getByTestId('campaign-amount').fill('2');
	await page.getByTestId('campaign-check').click();
	await page.getByTestId('campaign-save').click();
	await expect(page.getByTestId('campaigns-said')).toContainText(`${name} è cambiata`);
	await expect(card).toContainText('2,00');
	await expect(card.getByTestId('campaign-codes')).toHaveText('3');

	await card.getByTestId('campaign-end').click();
	await expect(card).toContainText('nessuno dei suoi codici vale più');
	await expectAccessible(page);
	await card.getByTestId('campaign-end-yes').click();
	await expect(card).toHaveAttribute('data-stage', 'OVER');
	expect(await book(page, other)).toMatchObject({ status: 422, body: { type: expect.stringContaining('voucher-not-today') } });
	await page.getByTestId('language-en').click();
	await expect(page.getByTestId('campaign').filter({ hasText: `Summer ${project.name}` })).toContainText('Over');
	await page.getByTestId('language-it').click();
	await card.getByTestId('campaign-end').click();
	await card.getByTestId('campaign-end-yes').click();
	await expect(page.getByTestId('campaigns-said')).toContainText('non è più nell’elenco');
	await expect(card).toHaveCount(0);
	await expectAccessible(page);
});
