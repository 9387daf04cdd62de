// A manager adds products and gives them their rarer rules; two venues agree on a pass. Venues of these tests only.
import { expect, test, type Page } from '@playwright/test';
import { expectAccessible, expectNoSidewaysScroll } from './accessible';
import { chooseFirstSlot, openStaffPage, picture, platform } from './platform';

const SELLER = '20033';
const OTHER = '20319';

const headers = () => ({ authorization: `Bearer ${platform.adminToken}` });
const address = (part: string, venue = SELLER) => `${platform.base}/v1/venues/${venue}/${part}`;

async function read(page: Page, part: string, venue = SELLER) {
	const answer = await page.request.get(address(part, venue), { headers: headers() });
	return { tag: answer.headers()['etag'] ?? '', status: answer.status(), value: (await answer.json()) as object };
}

async function put(page: Page, part: string, venue: string, value: object) {
	const { tag } = await read(page, part, venue);
	const data = { headers: { ...headers(), 'if-match': tag }, data: value };
	expect((await page.request.put(address(part, venue), data)).status()).toBe(200);
}

const openOffer = (page: Page, venue = SELLER) => openStaffPage(page, '/offer/', platform.adminToken, venue);
const open = (page: Page, product: string, section: string) =>
	page.getByTestId(`section-${product}-${section}`).locator('> summary').click();

async function fillWords(page: Page, id: string, it: string, en: string) {
	await page.getByTestId(`${id}-it`).fill(it);
	await page.getByTestId(`${id}-en`).fill(en);
}

async function begin(page: Page, it: string, en: string, kind: 'TIMES' | 'DAY' | 'PASS') {
	await page.getByTestId('new-product').click();
	await fillWords(page, 'new-product-name', it, en);
	await page.getByTestId('new-product-kind').selectOption(kind);
}

async function check(page: Page, id: string) {
	await page.getByTestId(`${id}-check`).click();
	await expect(page.getByTestId(`${id}-rehearsed`)).toBeVisible();
}

async function save(page: Page, id: string) {
	await check(page, id);
	await page.getByTestId(`${id}-save`).click();
	await expect(page.getByTestId(`${id}-saved`)).toBeVisible();
}

test('a manager adds an exhibition with its rules, sees what is wrong first, and it is on sale', async ({ page }, { project }) => {
	test.slow();
	const id = `mostra-${project.name}`;
	const name = `Mostra ${project.name}`;
	await openOffer(page);
	await begin(page, name, `Exhibition ${project.name}`, 'TIMES');
	await page.getByTestId('new-product-price').fill('8');
	await page.getByTestId('new-product-source').fill('delibera 3/2027');
	await expectAccessible(page);
	await expectNoSidewaysScroll(page);
	await picture(page, 'product-new', { fullPage: false });
	await page.getByTestId('new-product-begin').click();
	const card = page.getByTestId(`product-${id}`);
	await expect(card.getByRole('heading', { level: 2 })).toBeFocused();
	await expect(card).toContainText('da salvare');

	await open(page, id, 'extras');
	await page.getByTestId(`${id}-free-add`).click();
	await expect(page.getByTestId(`${id}-free-0-which`)).toBeFocused();
	await page.getByTestId(`${id}-free-0-date-0`).fill('2027-06-02');
	await page.getByTestId(`${id}-free-0-date-add`).click();
	await page.getByTestId(`${id}-free-0-date-1`).fill('2027-11-04');
	await page.getByTestId(`${id}-free-0-entry`).selectOption('AT_THE_DOOR');
	await fillWords(page, `${id}-free-0-reason`, 'Festa della Repubblica', 'Republic Day');
	await page.getByTestId(`${id}-free-0-source`).fill('delibera 4/2027');
	await page.getByTestId(`${id}-surcharge-add`).click();
	await fillWords(page, `${id}-surcharge-0-name`, 'Contributo alluvione', 'Flood contribution');
	await page.getByTestId(`${id}-surcharge-0-amount`).fill('1,00');
	await page.getByTestId(`${id}-surcharge-0-beneficiary-name`).fill('Regione');
	await page.getByTestId(`${id}-surcharge-0-beneficiary-code`).fill('123');
	await page.getByTestId(`${id}-surcharge-0-valid-from`).fill('2027-06-15');
	await page.getByTestId(`${id}-surcharge-0-valid-to`).fill('2027-09-15');
	await page.getByTestId(`${id}-surcharge-0-unit-adult`).check();
	await page.getByTestId(`${id}-surcharge-0-source`).fill('L. 100/2023');
	await page.getByTestId(`${id}-check`).click();
	await expect(page.locator(`[id="${id}-surcharge-0-beneficiary-code-fault"]`)).toContainText('11 digits');
	await expectAccessible(page);
	await page.getByTestId(`${id}-surcharge-0-beneficiary-code`).fill('80002950766');
	await expectNoSidewaysScroll(page);
	await picture(page, 'product-extras');

	for (const section of ['limits', 'groups', 'resale']) await open(page, id, section);
	await page.getByTestId(`${id}-person`).check();
	await page.getByTestId(`${id}-person-tickets`).fill('2');
	await page.getByTestId(`${id}-person-per`).selectOption('SLOT');
	await page.getByTestId(`${id}-names`).check();
	await page.getByTestId(`${id}-names-changes`).fill('2');
	await page.getByTestId(`${id}-names-until`).fill('1');
	await page.getByTestId(`${id}-groups`).check();
	await page.getByTestId(`${id}-groups-max_people`).fill('90');
	await page.getByTestId(`${id}-groups-source`).fill('regolamento');
	await page.getByTestId(`${id}-groups-surcharge`).check();
	await fillWords(page, `${id}-groups-surcharge-name`, 'Diritto di prevendita', 'Booking fee');
	await page.getByTestId(`${id}-groups-surcharge-amount`).fill('15');
	await page.getByTestId(`${id}-groups-surcharge-source`).fill('regolamento');
	await page.getByTestId(`${id}-groups-schools`).check();
	await page.getByTestId(`${id}-groups-schools-people`).fill('45');
	await page.getByTestId(`${id}-groups-schools-source`).fill('regolamento');
	await page.getByTestId(`${id}-resellers`).check();
	await page.getByTestId(`${id}-fiscal`).selectOption('NO_CHARGE');
	// Nothing to pay, and a price: refused where it stands.
	await page.getByTestId(`${id}-check`).click();
	await expect(page.locator(`[id="${id}-groups-max_people-fault"]`)).toContainText('no more than 90');
	await page.getByTestId(`${id}-groups-max_people`).fill('25');
	await page.getByTestId(`${id}-check`).click();
	await expect(page.locator(`[id="${id}-fiscal-fault"]`)).toContainText('choose another fiscal class');
	await page.getByTestId(`${id}-fiscal`).selectOption('EXEMPT_VISIT');
	await expectAccessible(page);
	await check(page, id);
	await expect(page.getByTestId(`${id}-rehearsed`)).toContainText('si può prenotare subito');
	expect((await read(page, `products/${id}`)).status, 'a check makes nothing').toBe(404);
	await expectAccessible(page);
	await expectNoSidewaysScroll(page);
	await picture(page, 'product-rules');
	await page.getByTestId(`${id}-save`).click();
	await expect(page.getByTestId(`${id}-saved`)).toBeVisible();
	await expect(card).not.toContainText('da salvare');
	await expect(page.getByTestId('changes')).toContainText(name);

	expect((await read(page, `products/${id}`)).value).toMatchObject({
		availability_type: 'START_TIME',
		fiscal_class: 'EXEMPT_VISIT',
		resellers: 'OPEN',
		person_limit: { tickets: 2, per: 'SLOT' },
		admission: { holder_names: { changes_max: 2, change_until_minutes_before: 1440 } },
		free_days: [
			{
				days: { dates: ['2027-06-02', '2027-11-04'] },
				entry: 'AT_THE_DOOR',
				reason: { en: 'Republic Day' },
				valid: { from: null, to: null }
			}
		],
		surcharges: [
			{
				amount_cents: 100,
				beneficiary: { name: 'Regione', fiscal_code: '80002950766' },
				valid: { from: '2027-06-15', to: '2027-09-15' },
				units: ['adult']
			}
		],
		groups: {
			min_people: 11,
			max_people: 25,
			unit_id: 'adult',
			surcharge: { amount_cents: 1500, from_people: 11, beneficiary: null },
			schools: { quota: { people: 45, per: 'DAY' } }
		},
		options: [{ tariffs: [{ units: [{ id: 'adult', price_cents: 800 }] }] }]
	});

	// What was saved is changed at once, over what stands there now.
	await page.getByTestId(`${id}-capacity`).fill('12');
	await page.getByTestId(`${id}-resellers`).uncheck();
	await save(page, id);
	await expect(page.getByTestId('changes')).toContainText('rivenditori: tolto');
	await page.reload();
	await expect(page.getByTestId(`section-${id}-limits`)).toContainText('2 biglietti a persona per orario');
	await page.getByTestId('language-en').click();
	await expect(page.getByTestId(`section-${id}-groups`)).toContainText('11 to 25 people · schools too');
	await page.getByTestId('language-it').click();

	// Visitors choose what to visit, and see it in the cart; groups ask for just that.
	await page.goto(`/venue/?id=${SELLER}`);
	await page.getByTestId(`product-${id}`).click();
	await expect(page.getByRole('heading', { level: 2, name })).toBeVisible();
	await expect(page.getByTestId(`product-${id}`)).toHaveAttribute('aria-current', 'page');
	await page.locator('[data-testid^="day-"]:not(:disabled)').first().waitFor();
	await expectAccessible(page);
	await expectNoSidewaysScroll(page);
	await picture(page, 'venue-products', { fullPage: false });
	await expect(page.getByTestId('ask-group')).toHaveAttribute('href', `/group/?venue=${SELLER}&product=${id}`);
	await chooseFirstSlot(page, 1);
	await page.getByTestId('unit-adult-plus').click();
	await page.getByTestId('add-visit').click();
	await expect(page.getByTestId('cart-visit')).toContainText(name);
	await page.getByTestId('cart-remove').click();
	await page.goto(`/group/?venue=${SELLER}&product=${id}`);
	await expect(page.getByTestId('group-of')).toContainText(name);
	const uuid = crypto.randomUUID();
	const held = await page.request.post(`${platform.base}/v1/bookings`, {
		data: {
			uuid,
			venue_id: SELLER,
			product_id: id,
			slot_id: '2027-04-15T11:00',
			units: [{ unit_id: 'adult', quantity: 1 }],
			contact: { full_name: 'Visitatore di prova', email: `${uuid}@example.org` }
		}
	});
	expect(held.status()).toBe(201);
	await page.goto(`/booking/?uuid=${uuid}`);
	await expect(page.getByTestId('booked-product')).toHaveText(name);
	await page.request.post(`${platform.base}/v1/bookings/${uuid}/cancel`, { data: {} });
});

test('a manager copies a product, and gives up one that was begun', async ({ page }, { project }) => {
	const id = `visita-guidata-${project.name}`;
	await openOffer(page);
	await begin(page, `Visita guidata ${project.name}`, `Guided tour ${project.name}`, 'DAY');
	await page.getByTestId('new-product-model').selectOption('admission');
	await expect(page.getByTestId('new-product-price')).toHaveCount(0);
	await page.getByTestId('new-product-begin').click();
	await expect(page.getByTestId(`${id}-slot_minutes`)).toHaveCount(0);
	await open(page, id, 'tariffs');
	await expect(page.getByTestId(`${id}-standard-0-youth`)).toContainText('cittadinanza: Unione europea');
	await check(page, id);
	await page.getByTestId(`${id}-leave`).click();
	await expect(page.getByTestId(`product-${id}`)).toHaveCount(0);
	expect((await read(page, `products/${id}`)).status).toBe(404);
});

test('a manager opens the sale of some days at an hour', async ({ page }) => {
	const before = (await read(page, 'products/admission')).value;
	await openOffer(page);
	await open(page, 'admission', 'sales');
	await page.getByTestId('admission-sale-add').click();
	await page.getByTestId('admission-sale-0-first').fill('2027-07-10');
	await page.getByTestId('admission-sale-0-last').fill('2027-07-01');
	await page.getByTestId('admission-sale-0-room_opens_at').fill('2027-06-01T09:00');
	await page.getByTestId('admission-sale-0-opens_at').fill('2027-06-01T10:00');
	await page.getByTestId('admission-sale-0-line_ends_at').fill('2027-06-01T13:30');
	await page.getByTestId('admission-sale-0-turns').fill('40');
	await page.getByTestId('admission-check').click();
	await expect(page.locator('#admission-sale-0-last-fault')).toContainText('the first one or later');
	await expectAccessible(page);
	await page.getByTestId('admission-sale-0-last').fill('2027-07-12');
	await expectNoSidewaysScroll(page);
	await picture(page, 'product-sales');
	await save(page, 'admission');
	expect((await read(page, 'products/admission')).value).toMatchObject({
		on_sales: [
			{
				first_day: '2027-07-10',
				last_day: '2027-07-12',
				room_opens_at: '2027-06-01T07:00:00Z',
				opens_at: '2027-06-01T08:00:00Z',
				line_ends_at: '2027-06-01T11:30:00Z',
				turns_per_minute: 40
			}
		]
	});
	await expect(page.getByTestId('changes')).toContainText('vendite a un’ora');
	await page.getByTestId('admission-sale-0-remove').click();
	await expect(page.getByTestId('admission-sale-add')).toBeFocused();
	await save(page, 'admission');
	expect((await read(page, 'products/admission')).value).toEqual(before);
});

test('two venues agree on a pass: one honours it, the other sells it', async ({ page }, { project }) => {
	const id = `card-${project.name}`;
	await openOffer(page);
	await begin(page, `Card ${project.name}`, `Card ${project.name}`, 'PASS');
	await page.getByTestId('new-product-price').fill('18');
	await page.getByTestId('new-product-source').fill('convenzione');
	await page.getByTestId('new-product-begin').click();
	await expect(page.getByTestId(`section-${id}-groups`)).toHaveCount(0);
	await open(page, id, 'pass');
	await page.getByTestId(`${id}-pass-venue-add`).click();
	await page.getByTestId(`${id}-pass-venue-1-id`).selectOption(OTHER);
	await expect(page.getByTestId(`${id}-pass-venue-1-name`)).toHaveValue(/Grumento/);
	await page.getByTestId(`${id}-pass-venue-1-entries`).selectOption('DAILY');
	await expect(page.getByTestId(`${id}-pass-code`)).toHaveText(id);
	await page.getByTestId(`${id}-check`).click();
	await expect(page.locator(`[id="${id}-pass-venue-1-id-fault"]`)).toContainText('does not honour');
	await expectAccessible(page);
	await expectNoSidewaysScroll(page);
	await picture(page, 'product-pass');

	const other = await page.context().newPage();
	await openOffer(other, OTHER);
	await other.getByTestId('honoured-add').click();
	await other.getByTestId('honoured-0-venue').selectOption(SELLER);
	await other.getByTestId('honoured-0-product').fill('Con spazi');
	await other.getByTestId('honoured-check').click();
	await expect(other.locator('#honoured-0-product-fault')).toBeVisible();
	await expectAccessible(other);
	await other.getByTestId('honoured-0-product').fill(id);
	await save(other, 'honoured');
	await expectAccessible(other);
	await expectNoSidewaysScroll(other);
	await picture(other, 'honoured');
	await expect(other.getByTestId('changes')).toContainText('Tessere di altri luoghi');

	await page.getByTestId(`${id}-pass-term`).selectOption('SEASON');
	await page.getByTestId(`${id}-pass-from`).fill('2026-12-01');
	await page.getByTestId(`${id}-pass-to`).fill('2027-10-31');
	await save(page, id);
	expect((await read(page, `products/${id}`)).value).toMatchObject({
		availability_type: 'OPENING_HOURS',
		pass: {
			term: { kind: 'SEASON', from: '2026-12-01', to: '2027-10-31' },
			opens: [
				{ venue_id: SELLER, entries: { kind: 'TIMES', times: 1 } },
				{ venue_id: OTHER, entries: { kind: 'DAILY' } }
			]
		}
	});
	await other.goto(`/venue/?id=${OTHER}`);
	await expect(other.getByTestId('passes')).toContainText(`Card ${project.name}`);
	await put(page, 'passes', OTHER, { honours: [] });
});

test('a manager writes who has a right to a price and what they show', async ({ page }) => {
	const before = (await read(page, 'products/admission')).value;
	const id = 'admission-standard-0-residenti';
	await openOffer(page);
	await open(page, 'admission', 'tariffs');
	await page.getByTestId('admission-standard-0-new').click();
	await fillWords(page, 'admission-standard-0-new-name', 'Residenti', 'Residents');
	await page.getByTestId('admission-standard-0-new-price').fill('1');
	await fillWords(page, 'admission-standard-0-new-reason', 'Ridotto per chi abita qui', 'Reduced for who lives here');
	await page.getByTestId('admission-standard-0-new-source').fill('delibera 9/2027');
	await page.getByTestId('admission-standard-0-new-add').click();
	await page.getByTestId(`${id}-rights`).click();
	await page.getByTestId(`${id}-right-add`).click();
	await page.getByTestId(`${id}-right-0-town-0-name`).fill('Matera');
	await page.getByTestId(`${id}-right-0-town-0`).fill('077999');
	await page.getByTestId('admission-check').click();
	await expect(page.locator(`#${id}-right-0-town-0-fault`)).toContainText('as ISTAT has them');
	await expectAccessible(page);
	await page.getByTestId(`${id}-right-0-town-0`).fill('077014');
	await page.getByTestId(`${id}-right-add`).click();
	await page.getByTestId(`${id}-right-1-kind`).selectOption('citizen_of');
	await page.getByTestId(`${id}-right-1-country-0`).fill('ch');
	await expect(page.getByTestId(`${id}-right-1-country-0-name-it`)).toHaveValue('Svizzera');
	await page.getByTestId(`${id}-right-1-country-add`).click();
	await page.getByTestId(`${id}-right-1-country-1`).fill('EU');
	await page.getByTestId(`${id}-right-add`).click();
	await page.getByTestId(`${id}-right-2-kind`).selectOption('profession');
	await fillWords(page, `${id}-right-2-some-0`, 'restauratore', 'restorer');
	await page.getByTestId(`${id}-document-add`).click();
	await fillWords(page, `${id}-document-0`, 'carta d’identità', 'identity card');
	await page.getByTestId(`${id}-min_age`).fill('18');
	await page.getByTestId(`${id}-accompanied_by-adult`).check();
	await expect(page.getByTestId(`${id}-rights`)).toContainText('residenza a: Matera');
	await expectAccessible(page);
	await expectNoSidewaysScroll(page);
	await picture(page, 'product-rights');
	await save(page, 'admission');
	const stored = (await read(page, 'products/admission')).value as {
		options: { tariffs: { units: { id: string }[] }[] }[];
	};
	expect(stored.options[0]?.tariffs[0]?.units.at(-1)).toMatchObject({
		id: 'residenti',
		min_age: 18,
		conditions: [
			{ resident_in: [{ code: '077014', name: 'Matera' }] },
			{
				citizen_of: [
					{ code: 'CH', name: { it: 'Svizzera', en: 'Switzerland' } },
					{ code: 'EU', name: { it: 'Unione europea', en: 'European Union' } }
				]
			},
			{ profession: [{ it: 'restauratore', en: 'restorer' }] }
		],
		documents: [{ it: 'carta d’identità', en: 'identity card' }],
		accompanied_by: ['adult']
	});
	await put(page, 'products/admission', SELLER, before);
});
