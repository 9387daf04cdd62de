// An integrator has their own server told, and sees what it answered.
import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test, type Page } from '@playwright/test';
import { expectAccessible, expectNoSidewaysScroll } from './accessible';
import { openStaffPage, picture, platform } from './platform';

interface Arrived {
	id: string;
	kind: string;
	/** What it was answered. */
	answered: number;
	/** Whether it is signed under this secret. */
	isSignedBy: (secret: string) => boolean;
}

/** The integrator's server: keeps what arrives, and answers as it is told to. */
class Partner {
	arrived: Arrived[] = [];
	answers = 204;
	private server: Server | null = null;
	url = '';

	async start() {
		this.server = createServer(async (request, response) => {
			let body = '';
			for await (const piece of request) body += String(piece);
			const header = (name: string) => String(request.headers[name] ?? '');
			const signed = `${header('webhook-id')}.${header('webhook-timestamp')}.${body}`;
			this.arrived.push({
				id: header('webhook-id'),
				kind: (JSON.parse(body) as { type: string }).type,
				answered: this.answers,
				isSignedBy: (secret) => {
					const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
					const wanted = `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
					return header('webhook-signature').split(' ').includes(wanted);
				}
			});
			response.writeHead(this.answers).end();
		});
		await new Promise<void>((resolve) => this.server?.listen(0, '127.0.0.1', resolve));
		this.url = `http://127.0.0.1:${(this.server?.address() as AddressInfo).port}/atrio`;
	}

	stop() {
		this.server?.closeAllConnections();
		this.server?.close();
	}
}

/** A free visit that somebody confirms. */
async function confirmed(page: Page) {
	const uuid = crypto.randomUUID();
	const held = await page.request.post(`${platform.base}/v1/bookings`, {
		data: {
			uuid,
			venue_id: platform.venue,
			product_id: 'admission',
			slot_id: '2027-04-14T10:00',
			units: [{ unit_id: 'minor', quantity: 1 }],
			contact: { full_name: 'Visitatore di prova', email: `${uuid}@example.org` }
		}
	});
	expect(held.status()).toBe(201);
	await page.request.post(`${platform.base}/v1/bookings/${uuid}/confirm`, { data: {} });
}

const partner = new Partner();
test.beforeEach(async () => {
	partner.arrived = [];
	partner.answers = 204;
	await partner.start();
});
test.afterEach(() => partner.stop());

test('an integrator registers a server, keeps its secret, and sees what it was told and answered', async ({ page }) => {
	await openStaffPage(page, '/webhooks/', platform.managerToken);
	await page.getByTestId('webhook-register').click();
	await expect(page.locator('#url-new-wrong')).toContainText('Scrivi l’indirizzo');
	// What the server finds wrong stands beside the field.
	await page.getByTestId('webhook-url').fill('http://museo.example/atrio');
	await page.getByTestId('webhook-register').click();
	await expect(page.locator('#url-new-fault')).toContainText('https');
	await expectAccessible(page);

	await page.getByTestId('webhook-url').fill(partner.url);
	await page.getByTestId('webhook-description').fill('la cassa');
	await page.getByTestId('event-booking.confirmed').check();
	await page.getByTestId('webhook-register').click();
	const secret = await page.getByTestId('secret-value').inputValue();
	expect(secret).toMatch(/^whsec_/);
	await expect(page.getByTestId('secret')).toBeFocused();
	await expectAccessible(page);
	await expectNoSidewaysScroll(page);
	await picture(page, 'webhooks-secret');
	await page.getByTestId('secret-kept').click();
	await expect(page.getByTestId('secret')).toHaveCount(0);
	await page.reload();
	await expect(page.getByTestId('secret')).toHaveCount(0);

	const card = page.getByTestId('webhook').filter({ hasText: partner.url });
	await expect(card).toContainText('la cassa');
	await card.getByTestId('webhook-test').click();
	const first = card.getByTestId('delivery').first();
	await expect(first).toHaveAttribute('data-status', 'DELIVERED', { timeout: 20_000 });
	await expect(first).toContainText('Prova');
	expect(partner.arrived[0]?.isSignedBy(secret)).toBe(true);

	// A booking is told; from the log it is sent once more, under the same id.
	await confirmed(page);
	await expect.poll(() => partner.arrived.filter(({ kind }) => kind === 'booking.confirmed').length).toBeGreaterThan(0);
	const told = partner.arrived.filter(({ kind }) => kind === 'booking.confirmed').at(-1);
	await page.getByTestId('log-read').click();
	const event = page.getByTestId('event').filter({ hasText: 'Prenotazione confermata' }).first();
	await expect(event).toBeVisible();
	await expectAccessible(page);
	await expectNoSidewaysScroll(page);
	await event.getByTestId('event-again').click();
	await expect(page.getByTestId('log-said')).toContainText('viene mandato di nuovo');
	const ids = () => partner.arrived.map(({ id }) => id);
	await expect.poll(() => new Set(ids()).size < ids().length, { timeout: 20_000 }).toBe(true);
	expect(told?.isSignedBy(secret)).toBe(true);
	await picture(page, 'webhooks');

	// Its secret is changed: for a while both sign.
	await card.getByTestId('webhook-rotate').click();
	await expectAccessible(page);
	await page.getByTestId('rotate-yes').click();
	const next = await page.getByTestId('secret-value').inputValue();
	expect(next).not.toBe(secret);
	await page.getByTestId('secret-kept').click();
	await expect(card).toContainText('anche quello di prima firma');
	const before = partner.arrived.length;
	await card.getByTestId('webhook-test').click();
	await expect.poll(() => partner.arrived.length, { timeout: 20_000 }).toBeGreaterThan(before);
	expect(partner.arrived.at(-1)?.isSignedBy(next)).toBe(true);
	expect(partner.arrived.at(-1)?.isSignedBy(secret)).toBe(true);

	await card.getByTestId('webhook-remove').click();
	await expectAccessible(page);
	await card.getByTestId('webhook-remove-yes').click();
	await expect(page.getByTestId('webhooks-said')).toContainText('non viene più avvisato');
	await expect(card).toHaveCount(0);
});

test('a server that fails is seen to fail, is paused, changed and turned on again', async ({ page }) => {
	partner.answers = 500;
	await openStaffPage(page, '/webhooks/', platform.managerToken);
	await page.getByTestId('webhook-url').fill(partner.url);
	await page.getByTestId('webhook-register').click();
	await page.getByTestId('secret-kept').click();
	const card = page.getByTestId('webhook').filter({ hasText: partner.url });
	await card.getByTestId('webhook-test').click();
	const first = card.getByTestId('delivery').first();
	await expect(first).toHaveAttribute('data-status', 'WAITING', { timeout: 20_000 });
	await expect(first).toContainText('500');
	await expectAccessible(page);
	await picture(page, 'webhooks-failing');

	await card.getByTestId('webhook-off').click();
	await expect(card).toHaveAttribute('data-status', 'OFF');
	await expect(card.getByTestId('webhook-test')).toHaveCount(0);
	await card.getByTestId('webhook-edit').click();
	await card.getByTestId('webhook-description').fill('il gestionale');
	await expectAccessible(page);
	await card.getByTestId('webhook-save').click();
	await expect(card).toContainText('il gestionale');
	// What it did not take is told once it is on again.
	partner.answers = 204;
	await card.getByTestId('webhook-on').click();
	await expect(card).toHaveAttribute('data-status', 'ENABLED');
	const wasTaken = () => partner.arrived.some(({ kind, answered }) => kind === 'webhook.test' && answered === 204);
	await expect.poll(wasTaken, { timeout: 30_000 }).toBe(true);
	await card.getByTestId('webhook-remove').click();
	await card.getByTestId('webhook-remove-yes').click();
	await expect(card).toHaveCount(0);
});
