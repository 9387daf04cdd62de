// Every page in both languages is usable without sight or a mouse, as far as a machine can tell.
import { expect, test, type Page } from '@playwright/test';
import { expectAccessible, expectNoSidewaysScroll } from './accessible';
import { chooseFirstSlot, fillContact, openStaffPage, picture, platform } from './platform';

test('the pages speak English once asked, and remember it', async ({ page }) => {
	await page.goto('/');
	await expect(page.locator('html')).toHaveAttribute('lang', 'it');
	await expect(page.getByRole('heading', { level: 1 })).toHaveText(/Scegli il luogo/);
	await page.getByTestId('language-en').click();
	await expect(page.locator('html')).toHaveAttribute('lang', 'en');
	await expect(page.getByRole('heading', { level: 1 })).toHaveText(/Choose a venue/);
	await page.goto(`/venue/?id=${platform.venue}`);
	await expect(page.locator('html')).toHaveAttribute('lang', 'en');
	await expect(page.getByTestId('hold')).toHaveText('Hold the places');
	await page.getByTestId('language-it').click();
	await expect(page.getByTestId('hold')).toHaveText('Blocca i posti');
});

test('the search filters by words, region, kind and price', async ({ page }) => {
	await page.goto('/');
	await page.getByTestId('venue-item').first().waitFor();
	const count = async () => Number((await page.getByTestId('venue-count').textContent())?.match(/\d+/)?.[0]);
	const all = await count();
	await page.getByTestId('filter-kind').selectOption('ARCHIVE');
	const archives = await count();
	expect(archives).toBeLessThan(all);
	await page.getByTestId('filter-price').selectOption('paid');
	await expect(page.getByTestId('venue-count')).toHaveText('0 luoghi');
	await expect(page.getByText('Nessun luogo con questi filtri.')).toBeVisible();
});

test('finding a venue is accessible, with the map too', async ({ page }, { project }) => {
	await page.goto('/');
	await page.getByTestId('venue-item').first().waitFor();
	await expectAccessible(page);
	await expectNoSidewaysScroll(page);
	if (project.name === 'phone') await page.getByTestId('show-map').click();
	await page.locator('[role=img] svg').waitFor();
	await expectAccessible(page);
});

test('booking is accessible from an empty form to a held booking', async ({ page }) => {
	await page.goto(`/venue/?id=${platform.venue}`);
	await page.locator('[data-testid^="day-"]:not(:disabled)').first().waitFor();
	await page.getByTestId('hold').click();
	await expect(page.getByTestId('todo')).toBeFocused();
	await expectAccessible(page);
	await chooseFirstSlot(page, 1);
	await page.getByTestId('unit-adult-plus').click();
	await fillContact(page);
	await expectAccessible(page);
	await expectNoSidewaysScroll(page);
	await page.getByTestId('hold').click();
	await page.getByTestId('countdown').waitFor();
	await expectAccessible(page);
	await expectNoSidewaysScroll(page);
	// The places go back: a test leaves no open hold behind.
	await page.getByTestId('cancel').click();
	await page.getByTestId('cancel-yes').click();
	await expect(page.getByTestId('booking-status')).toHaveAttribute('data-status', 'CANCELLED');
	await expectAccessible(page);
});

test('rights that few have wait behind a disclosure and say what to bring', async ({ page }) => {
	await page.goto(`/venue/?id=${platform.venue}`);
	await page.locator('[data-testid^="day-"]:not(:disabled)').first().waitFor();
	await chooseFirstSlot(page, 2);
	await expect(page.getByTestId('unit-teacher-plus')).toBeHidden();
	await page.getByTestId('other-units').click();
	await page.getByTestId('unit-companion-plus').click();
	await expect(page.getByTestId('too-many-companions')).toContainText('Visitatori con disabilità');
	await expect(page.getByText('Attestazione della scuola')).toBeVisible();
	await expectAccessible(page);
	await expectNoSidewaysScroll(page);
	await picture(page, 'other-units');
	await page.getByTestId('unit-disabled-plus').click();
	await expect(page.getByTestId('too-many-companions')).toHaveCount(0);
	await page.getByTestId('other-units').click();
	await expect(page.getByTestId('other-units')).toContainText('2 scelte');
	await expect(page.getByTestId('total')).toHaveText(/Gratuito/);
});

test('the gate is accessible, asking for a key and refusing a code', async ({ page }) => {
	await page.goto('/gate/');
	await page.getByTestId('staff-token').waitFor();
	await expectAccessible(page);
	await openStaffPage(page, '/gate/', platform.gateToken);
	await page.getByTestId('gate-code').fill('0000-0000-0000-0000');
	await page.getByTestId('gate-submit').click();
	await expect(page.getByTestId('gate-result')).toHaveAttribute('data-outcome', 'refused');
	await expectAccessible(page);
	await expectNoSidewaysScroll(page);
});

/** A confirmed booking of so many free tickets, made over the API as the page does. */
async function freeBooking(page: Page, slot: string, quantity: number): Promise<string> {
	const uuid = crypto.randomUUID();
	const held = await page.request.post(`${platform.base}/v1/bookings`, {
		data: {
			uuid,
			venue_id: platform.venue,
			product_id: 'admission',
			option_id: 'standard',
			slot_id: slot,
			units: [{ unit_id: 'minor', quantity }],
			contact: { full_name: 'Visitatore di prova', email: `${uuid}@example.org` },
			locale: 'it'
		}
	});
	expect(held.status()).toBe(201);
	await page.request.post(`${platform.base}/v1/bookings/${uuid}/confirm`, { data: {} });
	return uuid;
}

/** Two free tickets of this morning. */
async function freeTickets(page: Page): Promise<string[]> {
	const uuid = await freeBooking(page, '2026-11-24T10:00', 2);
	const answer = await page.request.get(`${platform.base}/v1/bookings/${uuid}/tickets`);
	const { tickets } = (await answer.json()) as { tickets: { code: string }[] };
	return tickets.map(({ code }) => code);
}

test('a gate lets out, and a ticket that admits once lets in no more', async ({ page }) => {
	const [code = ''] = await freeTickets(page);
	await openStaffPage(page, '/gate/', platform.gateToken);
	const result = page.getByTestId('gate-result');
	const scan = async (direction: string, outcome: string) => {
		await page.getByTestId('gate-direction').selectOption(direction);
		await page.getByTestId('gate-code').fill(code);
		await page.getByTestId('gate-submit').click();
		await expect(result).toHaveAttribute('data-outcome', outcome);
	};
	await scan('ENTRY', 'admitted');
	await scan('EXIT', 'left');
	await expectAccessible(page);
	await expectNoSidewaysScroll(page);
	await scan('ENTRY', 'refused');
	await expectAccessible(page);
});

test('a gate lets in the rest of a booking after one scan of it', async ({ page }) => {
	const [code = '', other = ''] = await freeTickets(page);
	await openStaffPage(page, '/gate/', platform.gateToken);
	const result = page.getByTestId('gate-result');
	const scan = async (scanned: string, outcome: string) => {
		await page.getByTestId('gate-code').fill(scanned);
		await page.getByTestId('gate-submit').click();
		await expect(result).toHaveAttribute('data-outcome', outcome);
	};
	await scan(code, 'admitted');
	await page.getByTestId('gate-party-choose').click();
	await page.getByTestId('gate-party-minor').fill('1');
	await expectAccessible(page);
	await expectNoSidewaysScroll(page);
	await picture(page, 'gate-party');
	await page.getByTestId('gate-party-all').click();
	await expect(page.getByTestId('gate-people')).toBeVisible();
	await expect(page.getByTestId('gate-admitted-count')).toHaveText('2');
	await expect(page.getByTestId('gate-party')).toHaveCount(0);
	await expectAccessible(page);
	await scan(other, 'refused');
});

test('a gate takes an entry back when the turnstile did not turn', async ({ page }) => {
	const [code = ''] = await freeTickets(page);
	await openStaffPage(page, '/gate/', platform.gateToken);
	const result = page.getByTestId('gate-result');
	const scan = async (outcome: string) => {
		await page.getByTestId('gate-code').fill(code);
		await page.getByTestId('gate-submit').click();
		await expect(result).toHaveAttribute('data-outcome', outcome);
	};
	await scan('admitted');
	await page.getByTestId('gate-undo').click();
	await expectAccessible(page);
	await picture(page, 'gate-undo');
	await page.getByTestId('gate-undo-send').click();
	await expect(result).toHaveAttribute('data-outcome', 'undone');
	await expect(page.getByTestId('gate-admitted-count')).toHaveText('0');
	await expectAccessible(page);
	await expectNoSidewaysScroll(page);
	await scan('admitted');
	await scan('refused');
});

test('a manager finds the tickets that entered twice and closes one with a note', async ({ page }) => {
	const codes = await freeTickets(page);
	for (const gate_id of ['nord', 'sud']) {
		const entries = codes.map((code) => ({
			uuid: crypto.randomUUID(),
			gate_id,
			code,
			redeemed_at: '2026-11-24T09:01:00Z'
		}));
		const sent = await page.request.post(`${platform.base}/v1/redemptions/offline`, {
			headers: { authorization: `Bearer ${platform.gateToken}` },
			data: { venue_id: platform.venue, entries }
		});
		expect(sent.status()).toBe(200);
	}
	await openStaffPage(page, '/conflicts/', platform.managerToken);
	const list = page.getByTestId('conflicts');
	await expect(list).toContainText('Da chiarire');
	await expectAccessible(page);
	const open = list.getByRole('button', { name: 'Chiudi' });
	const before = await open.count();
	await list.getByLabel('Che cosa è successo').first().fill('una schermata mandata a casa');
	await open.first().click();
	await expect(list).toContainText('una schermata mandata a casa');
	await expect(open).toHaveCount(before - 1);
	await expectAccessible(page);
	await expectNoSidewaysScroll(page);
	await picture(page, 'conflicts');
});

test('a manager sees how the devices do, and what one of them counted', async ({ page }) => {
	await openStaffPage(page, '/devices/', platform.managerToken);
	const list = page.getByTestId('devices');
	await expect(list).toContainText('In ordine');
	await expectAccessible(page);
	await expectNoSidewaysScroll(page);
	await picture(page, 'devices');
	await page.getByTestId('device-counter-door').click();
	await expect(page.getByTestId('observations')).toContainText('7 (dentro 5, fuori 2)');
	await expect(page.getByTestId('letters')).toContainText('missing-field');
	await expect(page.getByTestId('faults')).toContainText('Nessuno');
	await expectAccessible(page);
	await expectNoSidewaysScroll(page);
	await page.getByTestId('language-en').click();
	await expect(page.getByTestId('observations')).toContainText('7 (in 5, out 2)');
	await page.getByRole('button', { name: 'All devices' }).click();
	await expect(list).toBeVisible();
});

test('a class asks for a visit, a manager takes it, and the list of names is sent in', async ({ page }, { project }) => {
	await page.goto(`/venue/?id=${platform.venue}`);
	await page.getByTestId('ask-group').click();
	await page.getByTestId('send-group').click();
	await expect(page.getByText('Completa nome del gruppo')).toBeVisible();
	await expectAccessible(page);
	const school = `Scuola ${project.name}`;
	await page.getByLabel('Classe scolastica').check();
	await page.locator('#organisation').fill(school);
	await page.locator('#slot').fill(project.name === 'phone' ? '2027-02-10T10:00' : '2027-02-11T10:00');
	await page.locator('#people').fill('14');
	await page.locator('#leaders').fill('2');
	await fillContact(page);
	await page.getByTestId('send-group').click();
	await expect(page.getByTestId('group-status')).toHaveAttribute('data-status', 'REQUESTED');
	await expectAccessible(page);
	await expectNoSidewaysScroll(page);
	const asked = page.url();

	await openStaffPage(page, '/groups/', platform.managerToken);
	const card = page.getByTestId('group').filter({ hasText: school }).last();
	await expectAccessible(page);
	await card.getByTestId('approve').click();
	await expect(card.getByTestId('group-status')).toHaveAttribute('data-status', 'APPROVED');
	await expectAccessible(page);
	await expectNoSidewaysScroll(page);
	await picture(page, 'groups');

	await page.goto(asked);
	const file = (role: string) => ({
		name: 'elenco.csv',
		mimeType: 'text/csv',
		buffer: Buffer.from(`last_name,first_name,role\nRossi,A.,${role}\n`)
	});
	await page.getByTestId('list-file').setInputFiles(file('pupil'));
	await expect(page.getByTestId('problem')).toContainText('L’elenco ha errori');
	await page.getByTestId('list-file').setInputFiles(file('person'));
	await expect(page.getByTestId('group-request')).toContainText('Elenco ricevuto: 1 nome.');
	await expectAccessible(page);
	await picture(page, 'group');
	await page.getByRole('link', { name: 'Apri la prenotazione' }).click();
	await expect(page.getByRole('heading', { level: 1 })).toHaveText('La tua prenotazione');
});

test('who finds a time sold out joins its line and sees where they stand', async ({ page }, { project }) => {
	// Each width fills a slot of its own.
	const slot = project.name === 'phone' ? '2027-03-02T10:00' : '2027-03-03T10:00';
	const book = (path: string, people: number, name: string) =>
		page.request.post(`${platform.base}${path}`, {
			data: {
				uuid: crypto.randomUUID(),
				venue_id: platform.venue,
				product_id: 'admission',
				slot_id: slot,
				units: [{ unit_id: 'minor', quantity: people }],
				contact: { full_name: 'Visitatore di prova', email: `${name}@example.invalid` }
			}
		});
	let left = 10;
	for (let number = 0; left > 0; number += 1) {
		const answer = await book('/v1/bookings', left, `pieno-${project.name}-${number}`);
		// The last party takes what is left.
		if (answer.status() === 409) left = ((await answer.json()) as { vacancies: number }).vacancies;
		else expect(answer.status()).toBe(201);
	}
	await page.goto(`/venue/?id=${platform.venue}`);
	const day = page.getByTestId(`day-${slot.slice(0, 10)}`);
	while (!(await day.isVisible())) await page.getByLabel('Mese successivo').click();
	await day.click();
	await page.getByTestId('wait-10:00').click();
	await page.getByTestId('unit-adult-plus').click();
	await fillContact(page);
	await expectAccessible(page);
	await expect(page.getByTestId('hold')).toHaveText('Mettiti in lista d’attesa');
	await page.getByTestId('hold').click();
	await expect(page.getByTestId('position')).toHaveAttribute('data-position', '1');
	await expectAccessible(page);
	await expectNoSidewaysScroll(page);
	await picture(page, 'waiting');
	await page.getByTestId('leave').click();
	await expect(page.getByTestId('waiting')).toHaveAttribute('data-status', 'LEFT');
});

test('a visitor gives a ticket back and moves the visit to another time', async ({ page }) => {
	const uuid = await freeBooking(page, '2026-12-10T10:00', 3);
	await page.goto(`/booking/?uuid=${uuid}`);
	await page.getByTestId('give-back').click();
	const yes = page.getByTestId('give-back-yes');
	await expect(yes).toBeDisabled();
	await page.getByRole('checkbox').first().check();
	await expectAccessible(page);
	await yes.click();
	await expect(page.getByTestId('give-back-done')).toBeVisible();
	await expect(page.getByTestId('ticket')).toHaveCount(2);
	await page.getByTestId('exchange').click();
	const date = await chooseFirstSlot(page, 2);
	await expect(page.getByTestId('exchange-price')).toContainText('non paghi nulla');
	await expectAccessible(page);
	await expectNoSidewaysScroll(page);
	await picture(page, 'exchange');
	await page.getByTestId('exchange-hold').click();
	await expect(page.getByTestId('booking-status')).toHaveAttribute('data-status', 'ON_HOLD');
	expect(page.url()).not.toContain(uuid);
	await picture(page, 'exchange-hold');
	await page.getByTestId('confirm-free').click();
	await expect(page.getByTestId('booking-status')).toHaveAttribute('data-status', 'CONFIRMED');
	const answer = await page.request.get(`${platform.base}/v1/bookings/${page.url().split('uuid=')[1]}`);
	const moved = (await answer.json()) as { slot: { id: string }; units: { quantity: number }[] };
	expect(moved.slot.id.slice(0, 10)).toBe(date);
	expect(moved.units.map(({ quantity }) => quantity)).toEqual([2]);
	await page.goto(`/booking/?uuid=${uuid}`);
	await expect(page.getByTestId('booking-status')).toHaveAttribute('data-status', 'CANCELLED');
	await page.getByTestId('to-new').click();
	await expect(page.getByTestId('booking-status')).toHaveAttribute('data-status', 'CONFIRMED');
	// The places go back.
	await page.getByTestId('cancel').click();
	await page.getByTestId('cancel-yes').click();
});

test('the dashboard is accessible, with its tables open', async ({ page }) => {
	await openStaffPage(page, '/dashboard/', platform.managerToken);
	await page.getByTestId('kpi-visitors').waitFor();
	for (const summary of await page.locator('details > summary').all()) await summary.click();
	await expectAccessible(page);
	await expectNoSidewaysScroll(page);
});

test('anyone reads what is kept of them, for how long and why', async ({ page }) => {
	await page.goto('/');
	await page.getByRole('link', { name: 'Che cosa conserviamo e per quanto' }).click();
	const booking = page.getByTestId('kept-booking');
	await expect(booking).toContainText('30 giorni dopo la visita');
	await expect(page.getByTestId('kept-velocity')).toContainText('2 ore');
	await expectAccessible(page);
	await expectNoSidewaysScroll(page);
	await picture(page, 'privacy');
	await page.getByTestId('language-en').click();
	await expect(booking).toContainText('30 days after the visit');
	await expect(page.getByTestId('kept-lake')).toContainText('no person');
});

test('an unknown venue and an unknown booking explain themselves', async ({ page }) => {
	await page.goto('/venue/?id=unknown');
	await expect(page.getByTestId('problem')).toBeVisible();
	await page.goto('/booking/?uuid=00000000-0000-4000-8000-000000000000');
	await expect(page.getByTestId('problem')).toBeVisible();
	await expectAccessible(page);
});

test('a manager sees whom a closure strands, pays them back, and finds it on record', async ({ page }, { project }) => {
	await openStaffPage(page, '/offer/', platform.managerToken);
	const capacity = page.getByTestId('admission-capacity');
	await capacity.waitFor();
	await expectAccessible(page);

	// Each width closes a day of its own, so that the two runs do not meet.
	const day = project.name === 'phone' ? '2027-01-12' : '2027-01-13';
	const uuid = crypto.randomUUID();
	const held = await page.request.post(`${platform.base}/v1/bookings`, {
		data: {
			uuid,
			venue_id: platform.venue,
			product_id: 'admission',
			slot_id: `${day}T11:00`,
			units: [{ unit_id: 'minor', quantity: 2 }],
			contact: { full_name: 'Visitor 1', email: `${uuid}@example.org` }
		}
	});
	expect(held.status()).toBe(201);
	await page.request.post(`${platform.base}/v1/bookings/${uuid}/confirm`);
	await page.getByTestId('closed-add').click();
	const last = (await page.locator('[data-testid^="closed-from-"]').count()) - 1;
	await page.getByTestId(`closed-from-${last}`).fill(day);
	await page.getByTestId(`closed-to-${last}`).fill(day);
	await page.getByTestId(`closed-${last}-it`).fill('Restauro del tetto');
	await page.getByTestId(`closed-${last}-en`).fill('Repair of the roof');
	await page.getByTestId('opening-check').click();
	await expect(page.getByTestId('opening-rehearsed')).toBeVisible();
	await expectAccessible(page);
	await picture(page, 'offer');
	await page.getByTestId('opening-save').click();
	await expect(page.getByTestId('opening-saved')).toBeVisible();
	await expect(page.getByTestId('changes')).toContainText('chiusure');
	await page.getByTestId('call-off-run').click();
	await expect(page.getByTestId('call-off-done')).toContainText('1 prenotazione annullata');
	await expect(page.getByTestId('changes')).toContainText('visite annullate e rimborsate');
	await expectAccessible(page);
	await expectNoSidewaysScroll(page);
	const visit = await page.request.get(`${platform.base}/v1/bookings/${uuid}`);
	expect(await visit.json()).toMatchObject({ status: 'CANCELLED' });

	const answer = await page.request.get(
		`${platform.base}/v1/venues/${platform.venue}/availability?product_id=admission&from=${day}&to=${day}`
	);
	expect((await answer.json()).days[0]).toMatchObject({ status: 'CLOSED' });

	// A colleague saves the places meanwhile: nothing is overwritten, and the way on is said.
	const part = `${platform.base}/v1/venues/${platform.venue}/products/admission`;
	const headers = { authorization: `Bearer ${platform.managerToken}` };
	const read = await page.request.get(part, { headers });
	const product = (await read.json()) as { capacity: number };
	product.capacity += 1;
	const saved = await page.request.put(part, {
		headers: { ...headers, 'if-match': read.headers()['etag'] ?? '' },
		data: product
	});
	expect(saved.status()).toBe(200);
	await capacity.fill('77');
	await page.getByTestId('admission-check').click();
	await expect(page.getByTestId('problem')).toContainText('Qualcun altro ha salvato');
});

test('a manager adds a person by address, changes what they do and takes it back', async ({ page }, { project }) => {
	await page.goto('/staff/');
	await page.getByTestId('staff-token').waitFor();
	await expectAccessible(page);
	await openStaffPage(page, '/staff/', platform.managerToken);
	await page.getByTestId('members').waitFor();
	await page.getByTestId('member-add').click();
	await expect(page.locator('#address-wrong')).toContainText('Scrivi un indirizzo');
	await expect(page.locator('#new-wrong')).toContainText('almeno un ruolo');
	await expectAccessible(page);

	const address = `carlo-${project.name}@museo.example`;
	await page.locator('#address').fill(address);
	await page.locator('#new-desk').check();
	await page.getByTestId('member-add').click();
	await expect(page.getByTestId('members-said')).toContainText(`${address} può entrare`);
	const row = page.getByTestId('member').filter({ hasText: address });
	await expect(row).toContainText('Non è ancora entrato');
	await expect(row.getByTestId('role-desk')).toBeChecked();
	await expectAccessible(page);
	await expectNoSidewaysScroll(page);
	await picture(page, 'staff');

	await row.getByTestId('role-gate').check();
	await row.getByTestId('member-save').click();
	await expect(row).toContainText('Salvato.');
	// The same person is not added twice, and nobody gives what is not theirs.
	await page.locator('#address').fill(address);
	await page.locator('#new-gate').check();
	await page.getByTestId('member-add').click();
	await expect(page.getByTestId('problem')).toContainText('già nell’elenco');
	await row.getByTestId('role-data-officer').check();
	await row.getByTestId('member-save').click();
	await expect(row.getByTestId('problem')).toContainText('non puoi darlo');
	await expectAccessible(page);
	await row.getByTestId('problem').getByRole('button').click();
	await page.getByTestId('language-en').click();
	await expect(row).toContainText('Has not signed in yet');
	await page.getByTestId('language-it').click();

	await row.getByTestId('member-remove').click();
	await expect(row).toContainText('Togliere');
	await expectAccessible(page);
	await row.getByTestId('member-remove-yes').click();
	await expect(page.getByTestId('members-said')).toContainText('non lavora più qui');
	await expect(row).toHaveCount(0);
	await expectAccessible(page);
});

test('a clerk opens the drawer, sells in cash with change, takes a sale back and counts', async ({ page }) => {
	await openStaffPage(page, '/desk/', platform.deskToken);
	await page.getByTestId('desk-open').waitFor();
	await expectAccessible(page);
	await page.locator('#float').fill('50');
	await page.getByTestId('desk-open').click();

	await page.locator('[data-testid^="slot-"][aria-pressed="true"]').waitFor();
	await page.getByTestId('unit-adult-plus').click();
	await page.getByTestId('unit-adult-plus').click();
	await page.getByTestId('unit-minor-plus').click();
	await page.getByTestId('desk-given').fill('1');
	await expect(page.getByTestId('desk-sell')).toBeDisabled();
	await page.getByTestId('desk-given').fill('50,00');
	await expectAccessible(page);
	await page.getByTestId('desk-sell').click();
	await expect(page.getByTestId('desk-sold')).toContainText('Resto');
	await expect(page.getByTestId('desk-visitors')).toHaveText('3');
	await expectAccessible(page);
	await expectNoSidewaysScroll(page);
	await picture(page, 'desk');

	const href = await page.getByTestId('desk-sold').getByRole('link').getAttribute('href');
	const printed = await page.request.get(`${platform.base}${href}`);
	expect(printed.headers()['content-type']).toBe('application/pdf');

	// The second sale was for another day: it is taken back, and the money with it.
	const expected = await page.getByTestId('desk-expected').textContent();
	await page.getByTestId('unit-adult-plus').click();
	await page.getByTestId('desk-sell').click();
	await expect(page.getByTestId('desk-visitors')).toHaveText('4');
	await page.getByRole('button', { name: 'Annulla' }).first().click();
	await page.locator('#reason').fill('giorno sbagliato');
	await page.getByRole('button', { name: /Restituisci/ }).click();
	await expect(page.getByTestId('desk-sales')).toContainText('giorno sbagliato');
	await expect(page.getByTestId('desk-expected')).toHaveText(expected ?? '');

	await page.getByTestId('desk-close').click();
	await page.getByTestId('desk-counted').fill((expected ?? '').replace(/[^\d,.]/g, ''));
	await page.getByTestId('desk-close-yes').click();
	await expect(page.getByTestId('desk-account')).toContainText('Differenza');
	await expect(page.getByTestId('desk-account').locator('tr').last()).toContainText(/^Differenza\s*0,00/);
	await expectAccessible(page);
});
