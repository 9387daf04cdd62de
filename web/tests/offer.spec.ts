// A manager sets prices, shares of channels, resources, areas and rules of a product, each seen before it is saved.
import { expect, test, type Page } from '@playwright/test';
import { expectAccessible, expectNoSidewaysScroll } from './accessible';
import { openStaffPage, picture, platform } from './platform';

const headers = () => ({ authorization: `Bearer ${platform.managerToken}` });
const address = (part: string) => `${platform.base}/v1/venues/${platform.venue}/${part}`;
const PRODUCT = 'products/admission';

interface Rules {
	[field: string]: unknown;
	options: { tariffs: { valid: { from: string | null; to: string | null }; units: { id: string; price_cents: number }[] }[] }[];
}

async function read(page: Page, part: string): Promise<Rules> {
	return (await (await page.request.get(address(part), { headers: headers() })).json()) as Rules;
}

async function put(page: Page, part: string, value: object) {
	const tag = (await page.request.get(address(part), { headers: headers() })).headers()['etag'] ?? '';
	const data = { headers: { ...headers(), 'if-match': tag }, data: value };
	expect((await page.request.put(address(part), data)).status()).toBe(200);
}

async function save(page: Page, name: string) {
	await page.getByTestId(`${name}-check`).click();
	await expect(page.getByTestId(`${name}-rehearsed`)).toBeVisible();
	await page.getByTestId(`${name}-save`).click();
	await expect(page.getByTestId(`${name}-saved`)).toBeVisible();
}

const open = (page: Page, section: string) =>
	page.getByTestId(`section-admission-${section}`).locator('> summary').click();

// What stood there before goes back, for the other tests and the other width.
let before: Rules;
test.beforeEach(async ({ page }) => {
	before = await read(page, PRODUCT);
});
test.afterEach(async ({ page }) => {
	await put(page, PRODUCT, before);
	await put(page, 'resources', { resources: [] });
	await put(page, 'premises', { limit: null, areas: [] });
});

test('a manager writes new prices from a date, to the cent, and adds one', async ({ page }) => {
	await openStaffPage(page, '/offer/', platform.managerToken);
	await open(page, 'tariffs');
	const youth = page.getByTestId('admission-standard-0-youth');
	await expect(youth).toContainText('cittadinanza: Unione europea');
	await expect(youth).toContainText('da 18 a 25 anni');
	await expectAccessible(page);

	await page.getByTestId('admission-standard-tariff-add').click();
	await page.getByTestId('admission-standard-from-1').fill('2027-06-01');
	const adult = page.getByTestId('admission-standard-1-adult-price');
	await adult.fill('12,345');
	await expect(page.locator('#admission-standard-1-adult-price-wrong')).toContainText('Scrivi un importo');
	await adult.fill('12,35');
	await page.getByTestId('admission-standard-1-new').click();
	await page.getByTestId('admission-standard-1-new-name-it').fill('Famiglie');
	await page.getByTestId('admission-standard-1-new-name-en').fill('Families');
	await page.getByTestId('admission-standard-1-new-price').fill('7');
	await page.getByTestId('admission-standard-1-new-add').click();
	await expect(page.getByText('Scrivi nome e motivo')).toBeVisible();
	await page.getByTestId('admission-standard-1-new-reason-it').fill('Ridotto famiglie');
	await page.getByTestId('admission-standard-1-new-reason-en').fill('Reduced for families');
	await page.getByTestId('admission-standard-1-new-source').fill('delibera 7/2027');
	await page.getByTestId('admission-standard-1-new-add').click();
	await expect(page.getByTestId('admission-standard-1-famiglie')).toContainText('per chiunque');

	// Too dear a price is refused beside its field.
	await adult.fill('10001');
	await page.getByTestId('admission-check').click();
	await expect(page.locator('#admission-standard-1-adult-price-fault')).toContainText('write whole cents');
	await expectAccessible(page);
	await adult.fill('12,35');
	await page.getByTestId('admission-check').click();
	await expect(page.getByTestId('admission-rehearsed')).toBeVisible();
	await expectNoSidewaysScroll(page);
	await picture(page, 'offer-tariffs');
	await page.getByTestId('admission-save').click();
	await expect(page.getByTestId('admission-saved')).toBeVisible();

	const tariffs = (await read(page, PRODUCT)).options[0]?.tariffs ?? [];
	expect(tariffs.map(({ valid }) => [valid.from, valid.to])).toEqual([
		['2021-03-07', '2027-05-31'],
		['2027-06-01', null]
	]);
	const price = (at: number, unit: string) => tariffs[at]?.units.find(({ id }) => id === unit)?.price_cents;
	expect([price(1, 'adult'), price(1, 'famiglie'), price(0, 'famiglie')]).toEqual([1235, 700, undefined]);
	await expect(page.getByTestId('changes')).toContainText('tariffe');
});

test('a manager shares places between channels and is told what does not add up', async ({ page }) => {
	await openStaffPage(page, '/offer/', platform.managerToken);
	await open(page, 'quotas');
	await page.getByTestId('admission-quota-name').fill('Sportello');
	await page.getByTestId('admission-quota-add').click();
	await page.getByTestId('admission-quota-0-size').fill('5000');
	await expect(page.getByTestId('admission-unreserved')).toContainText('di troppo');
	await page.getByTestId('admission-check').click();
	await expect(page.locator('#admission-quotas-fault')).toContainText('let the quotas reserve at most the capacity');
	await expectAccessible(page);
	await page.getByTestId('admission-quota-0-size').fill('20');
	await page.getByTestId('admission-quota-0-measure').selectOption('percent');
	await page.getByTestId('admission-quota-0-TOTEM').check();
	await page.getByTestId('admission-quota-0-release').fill('2');
	await save(page, 'admission');
	await expectNoSidewaysScroll(page);
	await picture(page, 'offer-quotas');
	expect((await read(page, PRODUCT))['quotas']).toEqual([
		{
			name: 'sportello',
			channels: ['TOTEM', 'DESK'],
			size: { percent: 20 },
			released_minutes_before: 120,
			max_units: null
		}
	]);
});

test('a manager sets resources, areas, the fewest people, giving up and moving', async ({ page }) => {
	await openStaffPage(page, '/offer/', platform.managerToken);
	await page.getByTestId('resource-add').click();
	await page.getByTestId('resource-0-name-it').fill('Sala grande');
	await page.getByTestId('resource-0-name-en').fill('Great hall');
	await page.getByTestId('resource-0-quantity').fill('60');
	await save(page, 'resources');
	await page.getByTestId('premises-limit').fill('200');
	await page.getByTestId('area-add').click();
	await page.getByTestId('area-0-name-it').fill('Torre');
	await page.getByTestId('area-0-name-en').fill('Tower');
	await page.getByTestId('area-0-limit').fill('15');
	await save(page, 'premises');
	await expectAccessible(page);
	await picture(page, 'offer-premises');

	for (const section of ['occupies', 'minimum', 'givingUp']) await open(page, section);
	await page.getByTestId('admission-need-add').click();
	await page.getByTestId('admission-area-torre').check();
	await page.getByTestId('admission-reentry').selectOption('SAME_DAY');
	await page.getByTestId('admission-minimum').check();
	await page.getByTestId('admission-minimum-places').fill('50000');
	await page.getByTestId('admission-refund').fill('2');
	await page.getByTestId('admission-refund-measure').selectOption('1440');
	await page.getByTestId('admission-exchange-until').fill('');
	await page.getByTestId('admission-exchange-reason-it').fill('Le visite non si spostano');
	await page.getByTestId('admission-exchange-reason-en').fill('Visits are not moved');
	await page.getByTestId('admission-check').click();
	await expect(page.locator('#admission-minimum-places-fault')).toContainText('at most the capacity');
	await expectAccessible(page);
	await page.getByTestId('admission-minimum-places').fill('4');
	await page.getByTestId('admission-check').click();
	await expect(page.getByTestId('admission-rehearsed')).toBeVisible();
	await expectAccessible(page);
	await expectNoSidewaysScroll(page);
	await picture(page, 'offer-rules');
	await page.getByTestId('admission-save').click();
	await expect(page.getByTestId('admission-saved')).toBeVisible();

	expect(await read(page, PRODUCT)).toMatchObject({
		needs: [{ resource_id: 'sala-grande', quantity: 1, per: 'PLACE' }],
		admission: { areas: ['torre'], reentry: 'SAME_DAY' },
		minimum: { places: 4, decided_minutes_before: 1440 },
		cancellation: { refund_until_minutes_before: 2880 },
		exchange: { until_minutes_before: null, reason: { en: 'Visits are not moved' } }
	});
	// What a product uses is not taken away.
	await page.getByRole('button', { name: 'Togli: Torre' }).click();
	await page.getByTestId('premises-check').click();
	await expect(page.locator('#areas-fault')).toContainText('take it out of the product first');
	await expectAccessible(page);
});
