// The path that a salesperson walks with a real list of 10,000 leads: import, look, edit, board, convert, undo, export. With and without scripts,
// on one server, each in a workspace of its own; meanwhile somebody in the other workspace works too and sees nothing of it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Page } from '@playwright/test';
import { fetched, rows } from './sheets';
import { csv, expect, field, signIn, test, upload } from './support';

// Not tried twice: what the first try has imported is there at the second.
test.describe.configure({ mode: 'serial', timeout: 600_000, retries: 0 });
// A click here may send ten thousand rows through every check.
test.use({ actionTimeout: 60_000, navigationTimeout: 60_000 });

const file = join(__dirname, '../fixtures/leads-10k.csv');
const refused: Record<string, string> = JSON.parse(readFileSync(join(__dirname, '../fixtures/leads-10k.refused.json'), 'utf8')).reasons_by_data_row;

/** Starts the import that the page previews. Scripts or not, its page says when it is done. */
async function run(page: Page, words: string) {
    const start = page.getByRole('button', { name: words });
    await start.click();
    await expect(start).toHaveCount(0, { timeout: 60_000 });
    await expect(page.locator('main').getByText('The import is done')).toBeVisible({ timeout: 180_000 });
}

/** How many leads a filter finds, as the list says. */
async function total(page: Page, workspace: string, filter: string): Promise<number> {
    await page.goto(`/w/${workspace}/leads?view=everything&filter=${encodeURIComponent(filter)}`);
    return shown(page);
}

/** The total of the list that is on the screen. */
async function shown(page: Page): Promise<number> {
    const range = await page.getByText(/ of [\d,]+$/).first().innerText();
    return Number(range.replace(/^.* of /, '').replace(/,/g, ''));
}

const tile = (page: Page, label: string) => page.locator('main').getByText(label, { exact: true }).locator('..');

test('ten thousand leads are imported, worked and taken back', async ({ page, browser }, info) => {
    test.skip(info.project.name === 'phone', 'the long path is walked at a desk');
    // Each project has a workspace to itself; the other one belongs to whoever watches.
    const [mine, other, stranger] = info.project.name === 'hydrated' ? (['lakeside', 'harbour', 'neema'] as const) : (['harbour', 'lakeside', 'grace'] as const);
    await signIn(page, 'amina', `/w/${mine}/leads`);
    await expect(page.getByRole('heading', { name: 'Leads', exact: true })).toBeVisible();

    // What other specs put into the workspace meanwhile names no country; every row of the file does.
    const settled = 'country is not empty';
    const before = await total(page, mine, settled);

    // Upload: the foreign headers are recognised.
    await upload(page, mine, file);
    for (const [column, field] of [
        ['Full Name', 'Name'],
        ['E-mail', 'E-mail'],
        ['Mobile', 'Phone'],
        ['Deal size', 'Value'],
        ['Pipeline step', 'Stage'],
        ['Owner e-mail', 'Owner'],
        ['Created on', 'Enquired on'],
        ['Comment', 'Notes'],
    ]) {
        const select = page.getByRole('combobox', { name: `${column} becomes`, exact: true });
        expect(await select.evaluate((node: HTMLSelectElement) => node.selectedOptions[0].label), column).toContain(field);
    }
    await page.getByRole('button', { name: 'Look at what would happen' }).click();

    // Preview: nothing is written, everything is said.
    await expect(tile(page, 'Would be created')).toContainText('9,900');
    await expect(tile(page, 'Would be refused')).toContainText('100');
    const importPage = page.url().split('?')[0];
    await run(page, 'Import 9,900 leads');
    await expect(tile(page, 'Created')).toContainText('9,900');

    // The error file names exactly the rows that are wrong, each with its reason.
    const errors = rows(await fetched(page, await page.getByRole('link', { name: 'Download the refused rows' }).getAttribute('href')));
    const head = errors[0].map((cell) => cell.toLowerCase());
    const at = (name: string) => head.lastIndexOf(name);
    const named = new Map(errors.slice(1).map((row) => [row[at('row')], row]));
    expect([...named.keys()].sort()).toEqual(Object.keys(refused).sort());
    for (const [row, cells] of named) {
        expect(cells[at('column')], `row ${row} names its column`).not.toBe('');
        expect(cells[at('reason')], `row ${row} (${refused[row]}) says why`).not.toBe('');
    }

    // Meanwhile in the other workspace: an import of their own, and not a byte of this one.
    const elsewhere = await browser.newContext({ javaScriptEnabled: info.project.name === 'hydrated' });
    const watcher = await elsewhere.newPage();
    await signIn(watcher, stranger, `/w/${other}/leads`);
    await upload(watcher, other, csv(`Name,E-mail\nStranger ${info.project.name},stranger.${info.project.name}@example.com\n`));
    await watcher.getByRole('button', { name: 'Look at what would happen' }).click();
    await run(watcher, 'Import 1 lead');
    // By no address: not the workspace, not its import under their own one, and their lead is not found here.
    for (const path of [`/w/${mine}/leads`, new URL(importPage).pathname, new URL(importPage).pathname.replace(mine, other)]) {
        expect((await watcher.goto(path))?.status(), path).toBe(404);
    }
    await page.goto(`/w/${mine}/leads?view=everything&search=stranger.${info.project.name}`);
    await expect(page.getByText(`No leads match “stranger.${info.project.name}”`)).toBeVisible();

    // Find, sort, filter; the filter reads as a sentence and can be taken away.
    await expect
        .poll(
            async () => {
                await page.goto(`/w/${mine}/leads?view=everything&search=Wicha`);
                return page.getByRole('link', { name: 'Dariusz Wicha', exact: true }).count();
            },
            { timeout: 60_000, intervals: [500] },
        )
        .toBe(1);
    await page.goto(`/w/${mine}/leads?view=everything&filter=${encodeURIComponent('status = proposal and country = PL')}&sort=-value`);
    const columns = page.getByRole('columnheader', { name: 'Value' });
    await expect(columns).toHaveAttribute('aria-sort', 'descending');
    const count = await shown(page);
    expect(count).toBeGreaterThan(20);

    // Export what is on the screen: as many rows, the same filter.
    const exported = rows(await fetched(page, await page.getByRole('link', { name: /^CSV/, includeHidden: true }).getAttribute('href')));
    expect(exported.length - 1).toBe(count);
    await page.getByRole('link', { name: 'Remove the filter Country' }).click();
    await expect(page.getByRole('link', { name: 'Remove the filter Country' })).toHaveCount(0);

    // Edit one: what was typed stands in the list afterwards.
    await page.goto(`/w/${mine}/leads?view=everything&search=Wicha`);
    await page.getByRole('link', { name: 'Dariusz Wicha', exact: true }).click();
    await expect(page.getByRole('heading', { name: 'Dariusz Wicha' })).toBeVisible();
    const edited = page.url().split('?')[0];
    await page.getByRole('link', { name: 'Edit', exact: true }).click();
    await field(page, 'City').fill('Gdańsk');
    await page.getByRole('button', { name: /^Save/ }).click();
    await expect(page.getByRole('definition').filter({ hasText: 'Gdańsk' })).toBeVisible();

    // Work it on the board by "Move to"; a closed gate says what is missing.
    await page.goto(`/w/${mine}/leads?view=board&filter=${encodeURIComponent('name starts with "Dariusz Wicha"')}`);
    const card = page.getByRole('listitem').filter({ has: page.getByRole('link', { name: 'Dariusz Wicha', exact: true }) });
    await card.locator('summary').click();
    await card.getByRole('button', { name: /Negotiation|Negotiate/ }).click();
    await expect(page.getByRole('region', { name: 'Negotiation' }).getByRole('link', { name: 'Dariusz Wicha', exact: true })).toBeVisible();

    // Convert another: customer, contact and opportunity, linked from the lead.
    await page.goto(`/w/${mine}/leads?view=everything&search=${encodeURIComponent('Bianka Towarek')}`);
    await page.getByRole('link', { name: 'pani Bianka Towarek', exact: true }).click();
    await expect(page.getByRole('heading', { name: 'pani Bianka Towarek' })).toBeVisible();
    const converted = page.url().split('?')[0];
    await page.getByRole('link', { name: 'Convert', exact: true }).click();
    const convert = page.getByRole('button', { name: /^Convert/ });
    await convert.click();
    await expect(convert).toHaveCount(0);
    await page.goto(converted);
    for (const made of ['customers', 'opportunities']) {
        await expect(page.getByRole('definition').locator(`a[href*="/${made}/"]`, { hasText: 'Masny s.c.' })).toBeVisible();
    }

    // The same file again changes nothing.
    await upload(page, mine, file);
    await page.getByRole('button', { name: 'Look at what would happen' }).click();
    await expect(tile(page, 'Left as they are')).toContainText('9,900');
    await expect(tile(page, 'Would be created')).toContainText('0');

    // Undo: everything goes but what was worked on, and that is listed.
    await page.goto(importPage);
    await page.getByRole('link', { name: 'Undo this import' }).click();
    await page.getByRole('button', { name: 'Undo the import' }).click();
    await expect(page.locator('main').getByText('This import was undone')).toBeVisible({ timeout: 180_000 });
    await page.goto(importPage);
    for (const name of ['Dariusz Wicha', 'pani Bianka Towarek']) {
        await expect(page.getByRole('row').filter({ hasText: name })).toHaveCount(1);
    }
    expect(await total(page, mine, settled)).toBe(before + 2);
    expect((await page.goto(edited))?.status()).toBe(200);
    await elsewhere.close();
});
