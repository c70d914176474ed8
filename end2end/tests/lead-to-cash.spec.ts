// A won deal becomes an order, an approval, an invoice, a posting, a mail and a payment. Each step is done by whoever does it: the salesperson,
// the sales manager, the warehouse, the finance manager. With and without scripts, each in a workspace of its own.
import { type Browser, type Page } from '@playwright/test';
import { axe, expect, signIn, test, watch, type Who } from './support';

test.describe.configure({ mode: 'serial', timeout: 240_000 });

/** Somebody at a desk of their own. */
async function desk(browser: Browser, who: Who, path: string, javaScriptEnabled: boolean, complaints: string[]): Promise<Page> {
    const context = await browser.newContext({ javaScriptEnabled, viewport: { width: 1440, height: 900 } });
    watch(context, complaints);
    const page = await context.newPage();
    await signIn(page, who, path);
    return page;
}

const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).first().click();

test('from a won deal to the payment', async ({ page, browser, complaints }, info) => {
    test.skip(info.project.name === 'phone', 'the path is walked at a desk');
    const scripts = info.project.name === 'hydrated';
    const [workspace, manager] = scripts ? (['lakeside', 'john'] as const) : (['harbour', 'neema'] as const);
    const at = (path: string) => `/w/${workspace}${path}`;
    const look = async (where: Page) => (scripts ? axe(where) : undefined);

    // The deal is won; its order is made from it, with a line of its name and value.
    await signIn(page, 'amina', at('/opportunities'));
    const send = async (path: string, data: object) => {
        const answer = await page.request.post(at(`/api/v1${path}`), { data, headers: { 'sec-fetch-site': 'same-origin' } });
        expect(answer.ok(), `${path}: ${await answer.text()}`).toBe(true);
        return (await answer.json()).data;
    };
    const customer = await send('/customers', { name: `Cash ${info.project.name} Ltd`, email: `cash.${info.project.name}@example.com` });
    const value = { amount: '57000.00', currency: 'USD' };
    const deal = await send('/opportunities', { name: 'Two Twiga Estate', customer: customer.id, value, closeOn: '2026-12-20' });
    await send('/operations/records.transition', { entity: 'opportunity', id: deal.id, version: deal.version, to: 'won', values: {} });
    await page.goto(at(`/opportunities/${deal.id}`));
    await press(page, 'Make order');
    await expect(page.getByRole('button', { name: 'Save lines' })).toBeVisible();
    await look(page);
    await page.getByRole('textbox', { name: 'Quantity of line 1' }).fill('2');
    await press(page, 'Save lines');
    await expect(page.getByText('Lines saved')).toBeVisible();
    const order = new URL(page.url()).pathname;
    await look(page);

    // A quantity that is none is told at its line, and what was typed stays.
    await page.goto(`${order}/lines`);
    await page.getByRole('textbox', { name: 'Quantity of line 1' }).fill('many');
    await press(page, 'Save lines');
    await expect(page.getByText('The lines were not saved')).toBeVisible();
    await expect(page.getByText(/^Line 1: /)).toBeVisible();
    await expect(page.getByRole('textbox', { name: 'Quantity of line 1' })).toHaveAttribute('aria-invalid', 'true');
    await expect(page.getByRole('textbox', { name: 'Quantity of line 1' })).toHaveValue('many');

    // Submitted, it waits for the sales manager; the salesperson cannot approve it.
    await page.goto(order);
    await press(page, 'Submit');
    await expect(page.locator('.record-head, main').getByText('Submitted').first()).toBeVisible();
    const number = (await page.getByText(/^ORD-\d+$/).first().innerText()).trim();

    const boss = await desk(browser, manager, at('/approvals'), scripts, complaints);
    await look(boss);
    const row = boss.getByRole('row').filter({ hasText: number });
    await row.getByRole('button', { name: 'Approve' }).click();
    await expect(boss.getByText('Approved', { exact: true }).first()).toBeVisible();
    await expect(boss.getByRole('row').filter({ hasText: number })).toHaveCount(0);

    // The warehouse picks and ships it.
    const store = await desk(browser, 'daniel', order, scripts, complaints);
    await press(store, 'Start picking');
    await expect(store.getByText('Picking', { exact: true }).first()).toBeVisible();
    await press(store, 'Ship');
    await expect(store.getByText('Shipped', { exact: true }).first()).toBeVisible();

    // The workflow asks finance where the amount is over 10,000, and goes on by itself.
    const finance = await desk(browser, 'faith', at('/approvals'), scripts, complaints);
    await expect(async () => {
        await finance.goto(at('/approvals'));
        await expect(finance.getByRole('row').filter({ hasText: number })).toHaveCount(1, { timeout: 1000 });
    }).toPass({ timeout: 30_000 });
    await finance.getByRole('row').filter({ hasText: number }).getByRole('button', { name: 'Approve' }).click();

    // The invoice is there, posted, and mailed: in the sandbox of a server without SMTP, where it is shown.
    await expect(async () => {
        await finance.goto(`${order}?tab=invoices`);
        await expect(finance.getByRole('link', { name: /^INV-/ }).first()).toBeVisible({ timeout: 1000 });
    }).toPass({ timeout: 30_000 });
    await finance.getByRole('link', { name: /^INV-/ }).first().click();
    const invoice = new URL(finance.url()).pathname;
    await look(finance);
    await finance.getByRole('link', { name: 'Record payment' }).click();
    await look(finance);
    await press(finance, 'Record payment');
    await expect(finance.getByText('Payment recorded')).toBeVisible();
    await expect(finance.getByText('Paid', { exact: true }).first()).toBeVisible();

    // The document on the page is the one in the file.
    await finance.goto(`${invoice}/document`);
    await expect(finance.locator('.document-sheet')).toContainText('INV-');
    // Paper is white in any theme: the document's own style sheet is there.
    await expect(finance.locator('.document-sheet > *').first()).toHaveCSS('background-color', 'rgb(255, 255, 255)');
    const file = await finance.request.get((await finance.getByRole('link', { name: 'PDF' }).getAttribute('href')) ?? '');
    expect((await file.body()).subarray(0, 5).toString()).toBe('%PDF-');

    // The books balance, and the run can be read step by step.
    await finance.goto(at('/ledger'));
    await expect(finance.getByText('Debits and credits are equal')).toBeVisible();
    await look(finance);
    await boss.goto(at('/runs'));
    await boss.getByRole('row').filter({ hasText: number }).getByRole('link', { name: 'Order to Invoice' }).first().click();
    await expect(boss.getByText('Completed').first()).toBeVisible();
    await look(boss);
    await boss.goto(`${invoice}/why`);
    await expect(boss.getByText('Run of').first()).toBeVisible();
    await look(boss);
});
