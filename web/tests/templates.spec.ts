// An operator keeps a template, a venue follows it, and both see where it stands. A venue of this test only.
import { expect, test, type Page } from '@playwright/test';
import { expectAccessible, expectNoSidewaysScroll } from './accessible';
import { openStaffPage, picture, platform } from './platform';

const VENUE = '20391';

async function read(page: Page, part: string) {
	const headers = { authorization: `Bearer ${platform.adminToken}` };
	return (await page.request.get(`${platform.base}/v1/${part}`, { headers })).json();
}

async function save(page: Page, id: string) {
	await page.getByTestId(`${id}-check`).click();
	await expect(page.getByTestId(`${id}-rehearsed`)).toBeVisible();
	await page.getByTestId(`${id}-save`).click();
	await expect(page.getByTestId(`${id}-saved`)).toBeVisible();
}

test('an operator writes a template, a venue follows it and keeps a part as its own', async ({ page }, { project }) => {
	const id = `rete-${project.name}`;
	const reason = `Inventario ${project.name}`;
	await page.goto('/templates/');
	await page.getByTestId('staff-token').waitFor();
	await openStaffPage(page, '/templates/', platform.adminToken, VENUE);
	await page.getByTestId('new-template').click();
	await page.getByTestId('new-template-name-it').fill(`Rete ${project.name}`);
	await page.getByTestId('new-template-name-en').fill(`Network ${project.name}`);
	await page.getByTestId('new-template-begin').click();
	await expect(page.getByTestId(`${id}-code`)).toHaveText(id);
	await page.getByTestId(`${id}-closures`).check();
	await page.getByTestId(`${id}-closed-add`).click();
	await page.getByTestId(`${id}-closed-from-0`).fill('2027-12-25');
	await page.getByTestId(`${id}-closed-to-0`).fill('2027-12-24');
	await page.getByTestId(`${id}-closed-0-it`).fill(reason);
	await page.getByTestId(`${id}-closed-0-en`).fill(reason);
	await page.getByTestId(`${id}-cancellation`).check();
	await page.getByTestId(`${id}-refund`).fill('3');
	await page.getByTestId(`${id}-refund-measure`).selectOption('1440');
	await page.getByTestId(`${id}-check`).click();
	await page.getByTestId(`${id}-save`).click();
	await expect(page.locator(`[id="${id}-closed-to-0-fault"]`)).toContainText('the first one or later');
	await expectAccessible(page);
	await page.getByTestId(`${id}-closed-to-0`).fill('2027-12-26');
	await page.getByTestId(`${id}-check`).click();
	await expect(page.getByTestId(`${id}-rehearsed`)).toContainText('Lo seguono 0 luoghi');
	await expectAccessible(page);
	await expectNoSidewaysScroll(page);
	await picture(page, 'template-new');
	await page.getByTestId(`${id}-save`).click();
	await expect(page.getByTestId(`${id}-saved`)).toBeVisible();
	expect(await read(page, `templates/${id}`)).toMatchObject({
		kinds: [],
		product_id: 'admission',
		parts: {
			cancellation: { refund_until_minutes_before: 4320 },
			closures: [{ from: '2027-12-25', to: '2027-12-26' }]
		}
	});

	// The venue's manager follows it; what is otherwise there is its own until it is given back.
	await openStaffPage(page, '/offer/', platform.adminToken, VENUE);
	await page.getByTestId('follows-kind').selectOption('TEMPLATE');
	await page.getByTestId('follows-template').fill('nessuno');
	await page.getByTestId('follows-check').click();
	await expect(page.locator('#follows-template-fault')).toBeVisible();
	await expectAccessible(page);
	await page.getByTestId('follows-template').fill(id);
	await save(page, 'follows');
	await expect(page.getByTestId('follows-own-closures')).toBeChecked();
	await page.getByTestId('follows-own-closures').uncheck();
	await save(page, 'follows');
	await expect(page.getByTestId('follows-own-closures')).not.toBeChecked();
	await expect(page.getByTestId('follows-own-cancellation')).toBeChecked();
	await expectAccessible(page);
	await expectNoSidewaysScroll(page);
	await picture(page, 'follows');
	expect(await read(page, `venues/${VENUE}/opening`)).toMatchObject({ closures: [{ reason: { it: reason } }] });

	await openStaffPage(page, '/templates/', platform.adminToken, VENUE);
	await expect(page.getByTestId(`${id}-state`)).toContainText('Lo segue 1 luogo');
	await expect(page.getByTestId(`${id}-state`)).toContainText('tutti aggiornati');
	await page.getByTestId(`${id}-followers`).click();
	await expect(page.getByTestId(`${id}-follower-${VENUE}`)).toContainText('di suo: rinuncia');
	await expectAccessible(page);
	await expectNoSidewaysScroll(page);
	await picture(page, 'templates');
	await page.getByTestId('language-en').click();
	await expect(page.getByTestId(`${id}-follower-${VENUE}`)).toContainText('its own: giving up');
	await page.getByTestId('language-it').click();

	await openStaffPage(page, '/offer/', platform.adminToken, VENUE);
	await page.getByTestId('follows-kind').selectOption('NONE');
	await save(page, 'follows');
	await page.locator('#opening-title').scrollIntoViewIfNeeded();
	await page.getByRole('button', { name: 'Togli: 2027-12-25' }).click();
	await save(page, 'opening');
});
