// An operator takes a firm on and gives it keys; the firm tries, sells, gives up, and sees it all on a page of its own.
// Days that no other test uses.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test, type Page } from '@playwright/test';
import { expectAccessible, expectNoSidewaysScroll } from './accessible';
import { openStaffPage, picture, platform } from './platform';

const PRODUCT = '20346.site';

/** The firm's own server: keeps what arrives. */
class Firm {
	arrived: { id: string; status: string }[] = [];
	private server: Server | null = null;
	url = '';

	async start() {
		this.server = createServer(async (request, response) => {
			let body = '';
			for await (const piece of request) body += String(piece);
			const { booking } = JSON.parse(body) as { booking: { status: string } };
			this.arrived.push({ id: String(request.headers['webhook-id']), status: booking.status });
			response.writeHead(204).end();
		});
		await new Promise<void>((resolve) => this.server?.listen(0, '127.0.0.1', resolve));
		this.url = `http://127.0.0.1:${(this.server?.address() as AddressInfo).port}/atrio`;
	}

	stop() {
		this.server?.closeAllConnections();
		this.server?.close();
	}
}

async function octo(page: Page, key: string, path: string, data: object) {
	const answer = await page.request.post(`${platform.base}/octo${path}`, {
		data,
		headers: { authorization: `Bearer ${key}` }
	});
	expect(answer.status(), await answer.text()).toBe(200);
	return answer.json();
}

/** Holds and sells two places, as the firm's own system does. */
async function books(page: Page, key: string, reference: string) {
	const uuid = crypto.randomUUID();
	await octo(page, key, '/bookings', {
		uuid,
		productId: PRODUCT,
		optionId: 'standard',
		availabilityId: '2027-04-21T11:00:00+02:00',
		unitItems: [{ unitId: 'adult' }, { unitId: 'adult' }]
	});
	await octo(page, key, `/bookings/${uuid}/confirm`, {
		resellerReference: reference,
		contact: { fullName: 'Cliente di prova' }
	});
	return uuid;
}

async function givesKey(page: Page, id: string, mode: 'TEST' | 'LIVE') {
	const card = page.getByTestId(`reseller-${id}`);
	await page.getByTestId(`${id}-mode`).selectOption(mode);
	await page.getByTestId(`${id}-give`).click();
	await expect(card.getByTestId('secret')).toBeFocused();
	const key = await card.getByTestId('secret-value').inputValue();
	expect(key).toMatch(mode === 'TEST' ? /^atrio_test_/ : /^atrio_live_/);
	await expectAccessible(page);
	await picture(page, `resellers-key-${mode.toLowerCase()}`);
	await card.getByTestId('secret-kept').click();
	await expect(card.getByTestId('secret')).toHaveCount(0);
	return key;
}

async function opensPortal(page: Page, key: string) {
	await page.goto('about:blank');
	await page.goto('/portal/');
	const leave = page.getByRole('button', { name: 'Esci' });
	await page.getByTestId('staff-token').or(leave).first().waitFor();
	if (await leave.isVisible()) await leave.click();
	await page.getByTestId('staff-token').fill(key);
	await page.getByTestId('staff-enter').click();
}

const firm = new Firm();
test.beforeEach(async () => {
	firm.arrived = [];
	await firm.start();
});
test.afterEach(() => firm.stop());

test('an operator takes a firm on, which tries, sells, gives up and has what it missed sent again', async ({ page }, { project }) => {
	test.setTimeout(240_000);
	const id = `viaggi-${project.name}`;
	await page.goto('/resellers/');
	await page.getByTestId('staff-token').waitFor();
	await openStaffPage(page, '/resellers/', platform.adminToken);
	await page.getByTestId('new-reseller').click();
	await page.getByTestId('new-save').click();
	await expect(page.locator('#name-new-wrong')).toContainText('Scrivi come si chiama');
	await page.getByTestId('new-name').fill(`Viaggi ${project.name}`);
	await page.getByTestId('new-email').fill('nessuno');
	await page.getByTestId('new-save').click();
	await expect(page.locator('#email-new-fault')).toContainText('mail address');
	await page.getByTestId('new-email').fill('vendite@viaggi.example');
	await page.getByTestId('new-scope-some').check();
	await page.getByTestId('new-venue').fill('20346');
	await page.getByTestId('new-venue-add').click();
	await expectAccessible(page);
	await expectNoSidewaysScroll(page);
	await picture(page, 'resellers-new');
	await page.getByTestId('new-save').click();
	const card = page.getByTestId(`reseller-${id}`);
	await expect(card).toHaveAttribute('data-status', 'ACTIVE');
	await expect(card).toContainText('1 luogo');
	await expect(page.getByTestId('resellers-said')).toContainText('adesso dagli una chiave');

	const testKey = await givesKey(page, id, 'TEST');
	const liveKey = await givesKey(page, id, 'LIVE');
	await expect(card.getByTestId('key')).toHaveCount(2);
	await page.reload();
	await expect(card.getByTestId('key')).toHaveCount(2);
	await expect(page.getByTestId('secret')).toHaveCount(0);
	await card.getByTestId(`${id}-changes`).click();
	await expect(card.getByTestId('change')).toHaveCount(3);
	await expectAccessible(page);
	await expectNoSidewaysScroll(page);
	await picture(page, 'resellers');

	// What it tries is seen by the key to try, and nothing of it by the key to sell.
	await books(page, testKey, 'PROVA-1');
	await opensPortal(page, testKey);
	await expect(page.getByTestId('portal-mode')).toHaveText('Chiave di prova');
	const booking = page.getByTestId('portal-booking');
	await expect(booking).toHaveCount(1);
	await expect(booking).toContainText('PROVA-1');
	await picture(page, 'portal-test');

	await opensPortal(page, liveKey);
	await expect(page.getByTestId('portal-mode')).toHaveText('Chiave per vendere');
	await expect(page.getByTestId('bookings-none')).toBeVisible();
	await page.getByTestId('portal-day').fill('2027-04-21');
	await expect(page.getByTestId('portal-slot').first()).toContainText('500');
	await page.getByTestId('server-url').fill(firm.url);
	await page.getByTestId('server-register').click();
	await expect(page.getByTestId('secret')).toBeFocused();
	expect(await page.getByTestId('secret-value').inputValue()).toMatch(/^whsec_/);
	await expectAccessible(page);
	await page.getByTestId('secret-kept').click();

	const uuid = await books(page, liveKey, 'V-1');
	await expect.poll(() => firm.arrived.map(({ status }) => status), { timeout: 20_000 }).toEqual(['CONFIRMED']);
	await page.getByTestId('bookings-refresh').click();
	const sold = page.locator(`[data-uuid="${uuid}"]`);
	await expect(sold).toHaveAttribute('data-status', 'CONFIRMED');
	await expect(sold).toContainText('2 persone');
	await sold.getByTestId('booking-cancel').click();
	await expectAccessible(page);
	await sold.getByTestId('booking-cancel-yes').click();
	await expect(sold).toHaveAttribute('data-status', 'CANCELLED');
	await expect.poll(() => firm.arrived.map(({ status }) => status), { timeout: 20_000 }).toEqual(['CONFIRMED', 'CANCELLED']);

	// What its server was sent is seen, and sent again under the id that it has.
	const server = page.getByTestId('server');
	await server.getByTestId('server-deliveries').click();
	await expect(server.getByTestId('server-delivery')).toHaveCount(2);
	await expect(server.getByTestId('server-delivery').first()).toHaveAttribute('data-status', 'DELIVERED');
	await server.getByTestId('delivery-replay').last().click();
	await expect(server.getByTestId('server-said')).toContainText('L’evento 1 viene mandato di nuovo');
	await expect.poll(() => firm.arrived.length, { timeout: 20_000 }).toBe(3);
	expect(firm.arrived[2]).toEqual(firm.arrived[0]);
	await expectAccessible(page);
	await expectNoSidewaysScroll(page);
	await picture(page, 'portal');
	await page.getByTestId('language-en').click();
	await expect(page.getByRole('heading', { level: 1 })).toHaveText('Reseller’s area');
	await picture(page, 'portal-en');
	await page.getByTestId('language-it').click();

	// It changes its own key over, and the page goes on with the new one.
	await page.getByTestId('own-key-rotate').click();
	await page.getByTestId('own-key-rotate-yes').click();
	await expect(page.getByTestId('secret')).toBeFocused();
	const newer = await page.getByTestId('secret-value').inputValue();
	expect(newer).not.toBe(liveKey);
	await page.getByTestId('secret-kept').click();
	await expect(page.getByTestId('own-key')).toHaveCount(3);

	// Suspended, its key opens nothing; the page says why. Then it is let in again.
	await openStaffPage(page, '/resellers/', platform.adminToken);
	await page.getByTestId(`${id}-suspend`).click();
	await expectAccessible(page);
	await page.getByTestId(`${id}-suspend-yes`).click();
	await expect(card).toHaveAttribute('data-status', 'SUSPENDED');
	await opensPortal(page, newer);
	await expect(page.getByTestId('problem')).toContainText('suspended');
	await openStaffPage(page, '/resellers/', platform.adminToken);
	await page.getByTestId(`${id}-resume`).click();
	await expect(card).toHaveAttribute('data-status', 'ACTIVE');
	const first = card.getByTestId('key').first();
	await first.getByTestId('key-end').click();
	await first.getByTestId('key-end-yes').click();
	await expect(page.getByTestId('resellers-said')).toContainText('non apre più nulla');
	await opensPortal(page, newer);
	await expect(page.getByTestId('portal-name')).toHaveText(`Viaggi ${project.name}`);
});
