// A platform of its own that is paid through pagoPA, and the little of pagoPA that it needs to be paid: a debt
// position, a cart, and a signed receipt. The stories play every order of events; here somebody pays.
import { type ChildProcess, spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { platform } from './platform';

const SECRET = 'a secret of the browser tests, 32 bytes or more';
const CREDITOR = '12345678903';

/** Debts by their key, as pagoPA's interfaces show them. */
function listen(): Promise<{ server: Server; url: string }> {
	const positions = new Map<string, { notice: string; amount: number; status: string }>();
	const server = createServer(async (request, response) => {
		let text = '';
		for await (const piece of request) text += String(piece);
		const body = (text ? JSON.parse(text) : {}) as Record<string, never>;
		const answer = (status: number, shown: object = {}, headers = {}) => {
			response.writeHead(status, { 'content-type': 'application/json', ...headers });
			response.end(JSON.stringify(shown));
		};
		const [, iupd, step] = /debtpositions\/([^/?]+)(\/invalidate)?/.exec(request.url ?? '') ?? [];
		const position = positions.get(iupd ?? '');
		if (request.url?.startsWith('/checkout/carts')) {
			const { paymentNotices } = body as unknown as { paymentNotices: { noticeNumber: string }[] };
			answer(302, {}, { location: `${url}/pay/${paymentNotices[0]?.noticeNumber}-1` });
		} else if (request.method === 'POST' && !iupd) {
			const made = body as unknown as { iupd: string; paymentOption: { nav: string; amount: number }[] };
			const [option] = made.paymentOption;
			positions.set(made.iupd, { notice: option?.nav ?? '', amount: option?.amount ?? 0, status: 'VALID' });
			answer(201);
		} else if (!position) {
			answer(404);
		} else {
			if (step) position.status = 'INVALID';
			const { notice, amount, status } = position;
			answer(200, { status, paymentOption: [{ nav: notice, amount }] });
		}
	});
	let url = '';
	return new Promise((resolve) =>
		server.listen(0, '127.0.0.1', () => {
			url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
			resolve({ server, url });
		})
	);
}

export class PagoPaPlatform {
	private constructor(
		readonly base: string,
		/** The link of the dashboard, with a manager's token. */
		readonly managerToken: string,
		private readonly process: ChildProcess,
		private readonly node: Server,
		private readonly folder: string
	) {}

	static async start(): Promise<PagoPaPlatform> {
		const { server, url } = await listen();
		const folder = await mkdtemp(join(tmpdir(), 'atrio-pagopa-'));
		const serve = ['serve', '--data', folder, '--http', '127.0.0.1:0', '--mqtt', '127.0.0.1:0'];
		const options = ['--traffic', 'off', '--payment', 'pagopa', '--now', '2026-11-24T10:05:00+01:00'];
		const process_ = spawn(platform.program, [...serve, ...options], {
			cwd: join(import.meta.dirname, '../..'),
			env: {
				...process.env,
				ATRIO_PAGOPA_GPD_URL: `${url}/gpd`,
				ATRIO_PAGOPA_CHECKOUT_URL: `${url}/checkout`,
				ATRIO_PAGOPA_API_KEY: 'key-of-the-browser-tests',
				ATRIO_PAGOPA_RECEIPT_SECRET: SECRET,
				ATRIO_PAGOPA_CREDITOR: CREDITOR,
				ATRIO_PAGOPA_CREDITOR_NAME: 'Direzione regionale musei (prova)',
				ATRIO_PAGOPA_IBAN: 'IT60X0542811101000000123456',
				ATRIO_PAGOPA_TAXONOMY: '9/0101108TS/',
				ATRIO_PAGOPA_SEGREGATION: '02'
			},
			stdio: ['ignore', 'pipe', 'ignore']
		});
		let base = '';
		let token = '';
		for await (const line of createInterface({ input: process_.stdout! })) {
			base = /^\s*shop\s+(\S+?)\/?$/.exec(line)?.[1] ?? base;
			token = /^\s*dashboard\s.*token=([^&]+)&/.exec(line)?.[1] ?? token;
			if (line.startsWith('stop with')) break;
		}
		if (!base || !token) throw new Error('the platform paid through pagoPA did not start');
		return new PagoPaPlatform(base, token, process_, server, folder);
	}

	async stop() {
		const isOver = once(this.process, 'exit');
		this.process.kill();
		await isOver;
		this.node.close();
		await rm(this.folder, { recursive: true, force: true });
	}

	private async send(path: string, method = 'GET', body?: object, headers = {}): Promise<unknown> {
		const answer = await fetch(this.base + path, {
			method,
			headers: { 'content-type': 'application/json', ...headers },
			body: body && JSON.stringify(body)
		});
		if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
		return answer.status === 204 ? null : answer.json();
	}

	/** Somebody pays for so many adults and gives the visit up in time; answers the booking's uuid. */
	async paidAndGivenUp(adults: number): Promise<string> {
		const uuid = crypto.randomUUID();
		const held = (await this.send('/v1/bookings', 'POST', {
			uuid,
			venue_id: platform.venue,
			product_id: 'admission',
			option_id: 'standard',
			slot_id: '2026-12-10T10:00',
			units: [{ unit_id: 'adult', quantity: adults }],
			contact: { full_name: 'Visitatore di prova', email: `${uuid}@example.org` },
			locale: 'it'
		})) as { total_cents: number };
		const started = (await this.send(`/v1/bookings/${uuid}/payment`, 'POST', {
			return_url: `/booking/?uuid=${uuid}`
		})) as { payment: { id: string } };
		const notice = started.payment.id;
		const receipt = {
			receiptId: `rt-${notice}`,
			noticeNumber: notice,
			fiscalCode: CREDITOR,
			outcome: 'OK',
			creditorReferenceId: notice.slice(1),
			paymentAmount: (held.total_cents / 100).toFixed(2)
		};
		const signature = createHmac('sha256', SECRET).update(JSON.stringify(receipt)).digest('hex');
		await this.send('/v1/payments/pagopa/receipts', 'POST', receipt, { 'x-atrio-signature': signature });
		await this.send(`/v1/bookings/${uuid}/cancel?refund_cents=${held.total_cents}`, 'POST', {});
		return uuid;
	}

	/** The visitor says where the money goes. */
	givesAccount = (uuid: string, iban: string) =>
		this.send(`/v1/bookings/${uuid}/refund-account`, 'PUT', { account_holder: 'Visitatore di prova', iban });
}
