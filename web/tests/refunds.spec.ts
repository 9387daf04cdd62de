// Who keeps the accounts pays back by transfer what pagoPA took: file, bank, mark, trail.
import { readFile } from 'node:fs/promises';
import { expect, test, type Page } from '@playwright/test';
import { expectAccessible, expectNoSidewaysScroll } from './accessible';
import { PagoPaPlatform } from './pagopa';
import { openStaffPage, picture, platform } from './platform';

const IBAN = 'DE89370400440532013000';

async function download(page: Page, button: string) {
	const [file] = await Promise.all([page.waitForEvent('download'), page.getByTestId(button).click()]);
	return { name: file.suggestedFilename(), text: await readFile(await file.path(), 'utf8') };
}

test('an accountant pays a visitor back by a bank’s file and marks it, and every step stays on record', async ({
	page
}) => {
	const museum = await PagoPaPlatform.start();
	try {
		const [paid] = [await museum.paidAndGivenUp(2), await museum.paidAndGivenUp(1)];
		await page.goto(`${museum.base}/refunds/#token=${museum.managerToken}&venue=${platform.venue}`);
		const waiting = page.getByTestId('refunds-WAITING');
		await expect(waiting.getByTestId('refund')).toHaveCount(2);
		await expect(page.getByTestId('sum-READY')).toHaveText(/^0,00/);
		await expectAccessible(page);
		await expectNoSidewaysScroll(page);
		await picture(page, 'refunds-waiting');

		// The visitor says where to; only that refund goes to the bank.
		await museum.givesAccount(paid, IBAN);
		await page.reload();
		const ready = page.getByTestId('refunds-READY').getByTestId('refund');
		await expect(ready).toHaveCount(1);
		const sum = ((await page.getByTestId('sum-READY').textContent()) ?? '').replace(/[^\d,]/g, '');
		const made = await download(page, 'file-make');
		expect(made.name).toMatch(/^refunds-[0-9a-f-]{36}\.xml$/);
		expect(made.text).toContain('pain.001.001.03');
		expect(made.text).toContain(IBAN);
		expect(made.text).toContain(`"EUR">${sum.replace(',', '.')}<`);
		await expect(page.getByTestId('refunds-said')).toContainText(made.name);
		expect((await download(page, 'file-again')).text).toBe(made.text);

		const filed = page.getByTestId('refund-file');
		await filed.getByTestId('refund-mark').click();
		await page.getByTestId('refund-mark-next').click();
		await expect(filed).toContainText('Scrivi il riferimento del bonifico');
		await expectAccessible(page);
		await page.getByTestId('refund-reference').fill('TRN 42');
		await page.getByTestId('refund-mark-next').click();
		await expect(filed).toContainText('con il riferimento TRN 42? Non si torna indietro');
		await expectAccessible(page);
		await picture(page, 'refunds-mark');
		await page.getByTestId('refund-mark-yes').click();

		await expect(page.getByTestId('refunds-said')).toContainText('segnati come pagati');
		const trail = page.getByTestId('refunds-PAID_BACK');
		await expect(trail).toContainText('TRN 42');
		await expect(trail).toContainText('Messo nel file: 24 nov 2026');
		await expect(trail).toContainText('Segnato come pagato: 24 nov 2026');
		await expect(page.getByTestId('sum-PAID_BACK')).toContainText(sum);
		const register = await download(page, 'register');
		expect(register.text.split('\r\n')[1]).toMatch(new RegExp(`^${sum.replace(',', '.')},.*,TRN 42,`));
		await expect(waiting.getByTestId('refund')).toHaveCount(1);
		// Neither the account nor the visitor is on the page.
		await expect(page.locator('main')).not.toContainText(IBAN);
		await expect(page.locator('main')).not.toContainText('Visitatore di prova');
		await expectAccessible(page);
		await expectNoSidewaysScroll(page);
		await picture(page, 'refunds');
		await page.getByTestId('language-en').click();
		await expect(page.getByRole('heading', { level: 1 })).toHaveText('Refunds');
		await expect(trail).toContainText('Marked as paid: 24 Nov 2026');
	} finally {
		await museum.stop();
	}
});

test('where the provider pays back by itself nothing is left to do, and a page without a key asks for one', async ({
	page
}) => {
	await page.goto('/refunds/');
	await page.getByTestId('staff-token').waitFor();
	await expectAccessible(page);
	await openStaffPage(page, '/refunds/', platform.managerToken);
	await page.getByTestId('refunds-sums').waitFor();
	await expect(page.getByTestId('file-make')).toHaveCount(0);
	await openStaffPage(page, '/refunds/', platform.deskToken);
	await expect(page.getByTestId('problem')).toContainText('ruolo');
	await expectAccessible(page);
});
