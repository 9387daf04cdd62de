// A clerk takes a discount code, and writes the names where tickets ask for them. A venue of these tests only.
import { expect, test, type Page } from '@playwright/test';
import { expectAccessible, expectNoSidewaysScroll } from './accessible';
import { openStaffPage, picture, platform } from './platform';

const VENUE = '20514';
const address = (part: string) => `${platform.base}/v1/venues/${VENUE}/${part}`;
const headers = () => ({ authorization: `Bearer ${platform.adminToken}` });

async function change(page: Page, part: string, of: (value: Record<string, unknown>) => object) {
	const read = await page.request.get(address(part), { headers: headers() });
	const data = of((await read.json()) as Record<string, unknown>);
	const tagged = { ...headers(), 'if-match': read.headers()['etag'] ?? '' };
	expect((await page.request.put(address(part), { headers: tagged, data })).status()).toBe(200);
}

/** A campaign that halves prices, with one code. */
async function campaign(page: Page, id: string, code: string) {
	const open = { from: null, to: null };
	const half = {
		id,
		name: { it: 'Metà prezzo', en: 'Half price' },
		effect: { percent_off: 50 },
		products: [],
		options: [],
		units: [],
		sold: open,
		visited: open,
		max_tickets: null,
		with_reduced: false
	};
	await change(page, 'campaigns', ({ campaigns }) => ({ campaigns: [...(campaigns as object[]), half] }));
	const made = await page.request.post(address(`campaigns/${id}/codes`), {
		headers: headers(),
		data: { uuid: crypto.randomUUID(), code, uses: 5 }
	});
	expect(made.ok(), await made.text()).toBe(true);
}

const named = (isNamed: boolean) => (product: Record<string, unknown>) => ({
	...product,
	capacity: 40,
	admission: {
		...(product['admission'] as object),
		holder_names: isNamed ? { change_until_minutes_before: 60, changes_max: 1 } : null
	}
});

test('a clerk takes a code and writes names, and sells at the price that was shown', async ({ page }, { project }) => {
	const code = `MELFI-${project.name}-50`;
	await campaign(page, `half-${project.name}`, code);
	await change(page, 'products/admission', named(true));

	await openStaffPage(page, '/desk/', platform.adminToken, VENUE);
	await page.locator('#float').fill('50');
	await page.getByTestId('desk-open').click();
	await page.locator('[data-testid^="slot-"][aria-pressed="true"]').waitFor();
	await page.getByTestId('unit-adult-plus').click();
	await page.getByTestId('unit-adult-plus').click();
	await expect(page.getByTestId('desk-total')).toHaveText(/^8,00/);

	await page.getByTestId('desk-code').click();
	await page.getByTestId('voucher').fill('NESSUNO-ME-LO-HA-DATO');
	await expect(page.getByTestId('desk-sell')).toBeDisabled();
	await page.getByTestId('voucher-apply').click();
	await expect(page.getByTestId('problem')).toContainText('Il codice sconto non è valido qui');
	await expectAccessible(page);
	await page.getByTestId('voucher').fill(code.toLowerCase());
	await page.getByTestId('voucher-apply').click();
	await expect(page.getByTestId('desk-total')).toHaveText(/^4,00/);
	await expectAccessible(page);
	await expectNoSidewaysScroll(page);
	await picture(page, 'desk-code');

	// The names come last: the places are held meanwhile, and free again if the visitor goes.
	await page.getByTestId('desk-given').fill('10');
	await page.getByTestId('desk-sell').click();
	await expect(page.locator('#holder-0')).toBeFocused();
	await page.getByRole('button', { name: 'Lascia stare' }).click();
	await page.getByTestId('desk-sell').click();
	await expect(page.locator('#holder-0')).toBeFocused();
	await page.getByTestId('holder-0').fill('Prima Visitatrice');
	await page.getByTestId('holders-save').click();
	await expect(page.locator('#holder-1-fault')).toContainText('write the name as the document has it');
	await page.getByTestId('holder-1').fill('Secondo Visitatore');
	await expectAccessible(page);
	await expectNoSidewaysScroll(page);
	await picture(page, 'desk-names');
	await page.getByTestId('holders-save').click();
	await expect(page.getByTestId('desk-sold')).toContainText(/Resto: 6,00/);
	await expect(page.getByTestId('desk-visitors')).toHaveText('2');
	await expect(page.getByTestId('unit-adult-plus')).toBeVisible();
	await expect(page.getByTestId('desk-total')).toHaveText('–');
	await expectAccessible(page);

	// Without a code and without names it is sold as before, in the shift that a reload finds again.
	await change(page, 'products/admission', named(false));
	await page.reload();
	await expect(page.getByTestId('desk-visitors')).toHaveText('2');
	await page.locator('[data-testid^="slot-"][aria-pressed="true"]').waitFor();
	await page.getByTestId('unit-adult-plus').click();
	await page.getByTestId('desk-sell').click();
	await expect(page.getByTestId('desk-visitors')).toHaveText('3');
	await expect(page.getByTestId('desk-expected')).toHaveText(/^58,00/);
	await page.getByTestId('desk-close').click();
	await page.getByTestId('desk-counted').fill('58');
	await page.getByTestId('desk-close-yes').click();
	await expect(page.getByTestId('desk-account')).toContainText('Differenza');
});
