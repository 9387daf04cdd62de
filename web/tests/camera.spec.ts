// The gate's camera against the QR code the platform really draws: the ticket's picture becomes
// the film of a pretended camera, held still in view as a visitor holds a phone.
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { chromium, expect, test, type Page } from '@playwright/test';
import type { Availability, Ticket } from '../src/lib/api/types';
import { openStaffPage, platform } from './platform';

const WIDTH = 640;
const HEIGHT = 480;

async function freeTicket(page: Page): Promise<Ticket> {
	const api = page.request;
	const base = platform.base;
	// By the platform's clock, which may rehearse another day than the machine's.
	const today = new Date((await api.get(`${base}/healthz`)).headers()['date'] ?? '');
	const later = new Date(today.getTime() + 30 * 86_400_000);
	const query = `product_id=admission&from=${today.toISOString().slice(0, 10)}&to=${later.toISOString().slice(0, 10)}`;
	const offer = await api.get(`${base}/v1/venues/${platform.venue}/availability?${query}`);
	const { days } = (await offer.json()) as Availability;
	const slot = days
		.flatMap((day) => day.slots)
		.find(({ vacancies, status }) => vacancies > 0 && status !== 'CLOSED');
	const uuid = randomUUID();
	const held = await api.post(`${base}/v1/bookings`, {
		data: {
			uuid,
			venue_id: platform.venue,
			product_id: 'admission',
			option_id: 'standard',
			slot_id: slot?.id,
			units: [{ unit_id: 'minor', quantity: 1 }],
			contact: { full_name: 'Visitatore di prova', email: 'visitatore@example.org' },
			locale: 'it'
		}
	});
	expect(held.ok(), await held.text()).toBe(true);
	expect((await api.post(`${base}/v1/bookings/${uuid}/confirm`, { data: {} })).ok()).toBe(true);
	const answer = await api.get(`${base}/v1/bookings/${uuid}/tickets`);
	const { tickets } = (await answer.json()) as { tickets: Ticket[] };
	return tickets[0]!;
}

/** The drawing as grey levels, on a white sheet the size of a camera frame. */
async function luma(page: Page, svg: string): Promise<Uint8Array> {
	const levels = await page.evaluate(
		async ([drawing, width, height]) => {
			const image = new Image();
			image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(drawing)}`;
			await image.decode();
			const canvas = document.createElement('canvas');
			canvas.width = width;
			canvas.height = height;
			const context = canvas.getContext('2d')!;
			context.fillStyle = '#fff';
			context.fillRect(0, 0, width, height);
			context.drawImage(image, (width - 380) / 2, (height - 380) / 2, 380, 380);
			const { data } = context.getImageData(0, 0, width, height);
			return Array.from({ length: width * height }, (_, at) => data[at * 4]!);
		},
		[svg, WIDTH, HEIGHT] as const
	);
	return Uint8Array.from(levels);
}

async function writeFilm(path: string, grey: Uint8Array) {
	const colourless = new Uint8Array((WIDTH * HEIGHT) / 2).fill(128);
	const head = Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F10:1 Ip A1:1 C420jpeg\n`);
	const frame = [Buffer.from('FRAME\n'), grey, colourless];
	await writeFile(path, Buffer.concat([head, ...frame, ...frame]));
}

test('the camera admits a ticket once while it stays in view', async ({ page }, testInfo) => {
	const ticket = await freeTicket(page);
	await page.goto('/');
	const film = testInfo.outputPath('ticket.y4m');
	await writeFilm(film, await luma(page, ticket.qr_svg));

	const { launchOptions, ...use } = testInfo.project.use;
	const browser = await chromium.launch({
		...launchOptions,
		args: [
			...(launchOptions?.args ?? []),
			'--use-fake-ui-for-media-stream',
			'--use-fake-device-for-media-stream',
			`--use-file-for-fake-video-capture=${film}`
		]
	});
	try {
		const gate = await browser.newPage({ baseURL: platform.base, locale: 'it-IT', viewport: use.viewport });
		await openStaffPage(gate, '/gate/', platform.gateToken);
		await gate.getByTestId('camera-start').click();
		await expect(gate.getByTestId('gate-result')).toHaveAttribute('data-outcome', 'admitted', {
			timeout: 20_000
		});
		// Long enough for twenty more frames: none of them may count as a second visitor.
		await gate.waitForTimeout(4000);
		await expect(gate.getByTestId('gate-result')).toHaveAttribute('data-outcome', 'admitted');
		await expect(gate.getByTestId('gate-latest').locator('li')).toHaveCount(1);
	} finally {
		await browser.close();
	}
});
