// The page of a window whose program sells without a line; the program itself is tried by the stories.
import { expect, test } from '@playwright/test';
import { expectAccessible, expectNoSidewaysScroll } from './accessible';

const text = (it: string, en: string) => ({ it, en });

const unit = (id: string, name: string, price_cents: number) => ({
	unit: { id },
	line: { name: text(name, name), price_cents, reason: text(name, name), document: null }
});

const state = (sold: number) => ({
	venue_id: '20240',
	desk_id: 'window-1',
	channel: 'DESK',
	now: '2026-11-24T09:05:00Z',
	line: { state: 'OFFLINE', since: '2026-11-24T09:00:00Z', why: 'the platform does not answer' },
	shift: {
		uuid: '00000000-0000-4000-8000-000000000001',
		status: 'OPEN',
		is_closed: false,
		expected_cents: 5_000 + sold * 1_000,
		card_cents: 0,
		counted_cents: null,
		sales: sold
	},
	leases: [
		{
			uuid: '00000000-0000-4000-8000-000000000002',
			product_id: 'admission',
			option_id: 'standard',
			slot_id: '2026-11-24T10:00',
			slot: { start: '2026-11-24T09:00:00Z', end: '2026-11-24T10:00:00Z' },
			venue_name: 'Museo',
			product_name: text('Ingresso', 'Admission'),
			units: [unit('adult', 'Intero', 1_000), unit('minor', 'Ridotto', 0)],
			max_units: 10,
			status: 'OPEN',
			places: 10,
			sold,
			left: 10 - sold
		}
	],
	waiting: sold,
	refused: []
});

test('a window without a line sells, and a lost answer is asked for again as the same sale', async ({ page }) => {
	const asked: { uuid: string; units: unknown }[] = [];
	let sold = 0;
	await page.route('**/v1/desk', (route) => route.fulfill({ json: state(sold) }));
	await page.route('**/v1/desk/sales', (route) => {
		asked.push(route.request().postDataJSON());
		if (asked.length === 1) return route.abort();
		sold = 1;
		return route.fulfill({
			status: 201,
			json: {
				booking_uuid: asked[0]!.uuid,
				amount_cents: 1_000,
				change_cents: 0,
				tickets: [
					{
						id: 'AAAA',
						typed_code: 'AAAA-BBBB-CCCC-DDDD',
						unit: { name: text('Intero', 'Adult') },
						qr_svg: '<svg xmlns="http://www.w3.org/2000/svg"/>',
						document: null
					}
				]
			}
		});
	});
	await page.goto('/window/#token=key&venue=20240');
	await expect(page.getByTestId('window-line')).toHaveAttribute('data-line', 'OFFLINE');
	await expectAccessible(page);
	await expectNoSidewaysScroll(page);
	await page.getByTestId('window-more-adult').click();
	await page.getByTestId('window-sell').click();
	await expect(page.getByTestId('problem')).toBeVisible();
	await page.getByTestId('window-sell').click();
	await expect(page.getByTestId('window-sold')).toContainText('AAAA-BBBB-CCCC-DDDD');
	await expect(page.getByTestId('window-waiting')).toBeVisible();
	expect(asked[1]).toEqual(asked[0]);
	await expectAccessible(page);
});
