// What scripts add to the pages: the palette, cards and cells under the hand, an import that tells how far it is.
import { type Page } from '@playwright/test';
import { csv, expect, field, mark, signIn, stayed, test, upload } from './support';

test.beforeEach(({}, info) => {
    test.skip(info.project.name !== 'hydrated', 'scripts, a mouse and a keyboard');
});

/** A lead of one's own, so that no other spec is in the way. Answers its path. */
async function lead(page: Page, name: string, more: Record<string, string> = {}): Promise<string> {
    await page.goto('/w/lakeside/leads/new');
    await field(page, 'Name').fill(name);
    for (const [label, value] of Object.entries(more)) await field(page, label).fill(value);
    await page.getByRole('button', { name: 'Create lead' }).click();
    await expect(page.getByRole('heading', { name, exact: true })).toBeVisible();
    return new URL(page.url()).pathname;
}

/** The board with the cards of one name, and its handles named, which they are when scripts listen. */
async function board(page: Page, name: string) {
    await page.goto(`/w/lakeside/leads?view=board&filter=${encodeURIComponent(`name = "${name}"`)}`);
    const handle = page.getByRole('button', { name: `Move ${name}`, exact: true, pressed: false });
    await expect(handle).toBeVisible();
    const column = (title: string) => page.getByRole('region', { name: title }).getByRole('link', { name, exact: true });
    return { handle, column };
}


test('Ctrl K finds a record and opens it', async ({ page }) => {
    const name = `Palette Find${Date.now()}`;
    await signIn(page, 'john', '/w/lakeside');
    const path = await lead(page, name);
    await page.goto('/w/lakeside');
    const input = page.getByRole('combobox', { name: 'Search records, pages and actions' });
    await expect(async () => {
        if (!(await input.isVisible())) await page.keyboard.press('Control+k');
        await expect(input).toBeFocused({ timeout: 1000 });
    }).toPass();
    await expect(async () => {
        // The words of a new record are found once the worker has written them.
        await input.fill('');
        await input.fill(name);
        await expect(page.getByRole('option', { name })).toHaveAttribute('aria-selected', 'true', { timeout: 1500 });
    }).toPass();
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL(new RegExp(path));
});

test('a card is dragged to another column', async ({ page }) => {
    const name = `Dragged ${Date.now()}`;
    await signIn(page, 'john', '/w/lakeside');
    await lead(page, name);
    const { handle, column } = await board(page, name);
    await mark(page);
    const target = await page.getByRole('region', { name: 'Contacted' }).boundingBox();
    await handle.hover();
    await page.mouse.down();
    await page.mouse.move(target!.x + target!.width / 2, target!.y + 80, { steps: 8 });
    // The card stands in its column before the server has said so: only then may the page be left.
    const moved = page.waitForResponse((answer) => answer.url().includes('/do/records.transition'));
    await page.mouse.up();
    await expect(column('Contacted')).toBeVisible();
    await moved;
    await stayed(page);
    await page.reload();
    await expect(column('Contacted')).toBeVisible();
});

test('a card is moved by keys, every step is spoken, and a closed gate says what it needs', async ({ page }) => {
    const name = `Carried ${Date.now()}`;
    await signIn(page, 'john', '/w/lakeside');
    await lead(page, name);
    const { handle, column } = await board(page, name);
    const spoken = page.locator('#announcer');
    await handle.focus();
    await page.keyboard.press('Space');
    await expect(spoken).toContainText(`${name} taken from New`);
    await page.keyboard.press('ArrowRight');
    await expect(spoken).toHaveText('Contacted');
    await page.keyboard.press('ArrowRight');
    await expect(spoken).toContainText('Qualified. Asks for Company');
    await page.keyboard.press('ArrowLeft');
    const moved = page.waitForResponse((answer) => answer.url().includes('/do/records.transition'));
    await page.keyboard.press('Enter');
    await moved;
    await expect(column('Contacted')).toBeVisible();
    await expect(spoken).toContainText('Contacted');
    await expect(handle).toBeFocused();
    await page.reload();
    await expect(column('Contacted')).toBeVisible();
});

test('a cell is edited in the list, Escape undoes and Enter saves', async ({ page }) => {
    const name = `Inline ${Date.now()}`;
    await signIn(page, 'john', '/w/lakeside');
    await lead(page, name, { City: 'Nakuru' });
    await page.goto(`/w/lakeside/leads?view=everything&filter=${encodeURIComponent(`name = "${name}"`)}`);
    await mark(page);
    const city = page.getByRole('row').filter({ hasText: name }).locator('[data-field="city"]');
    await city.dblclick();
    const input = field(page, 'City');
    await expect(input).toBeFocused();
    await input.fill('Nowhere');
    await page.keyboard.press('Escape');
    await expect(city).toHaveText('Nakuru');
    await page.keyboard.press('Enter');
    await expect(input).toBeFocused();
    await input.fill('Kisumu');
    await page.keyboard.press('Enter');
    await expect(input).toHaveCount(0);
    await expect(city).toHaveText('Kisumu');
    await stayed(page);
    await page.reload();
    await expect(city).toHaveText('Kisumu');
});

test('a filter and an order change the list without a new page, and Back takes them away', async ({ page }) => {
    await signIn(page, 'john', '/w/lakeside/leads?view=everything');
    await mark(page);
    const value = page.getByRole('columnheader', { name: 'Value' });
    await value.getByRole('link', { name: 'Value', exact: true }).click();
    await expect(value).toHaveAttribute('aria-sort', /ascending|descending/);
    await expect(page).toHaveURL(/sort=/);
    await stayed(page);
    await page.goBack();
    await expect(value).not.toHaveAttribute('aria-sort', /ascending|descending/);
    await stayed(page);
});

test('an import tells that it is done without being looked at again', async ({ page }) => {
    await signIn(page, 'john', '/w/lakeside');
    const rows = Array.from({ length: 600 }, (_, at) => `Progress ${at},progress.${Date.now()}.${at}@example.com`);
    await upload(page, 'lakeside', csv(`Name,E-mail\n${rows.join('\n')}\n`));
    await page.getByRole('button', { name: 'Look at what would happen' }).click();
    await page.getByRole('button', { name: 'Import 600 leads' }).click();
    await expect(page.getByText('The import is done')).toBeVisible({ timeout: 30_000 });
    // The list is left as it was for the other specs.
    await page.getByRole('link', { name: 'Undo this import' }).click();
    await page.getByRole('button', { name: 'Undo the import' }).click();
    await expect(page.getByText('This import was undone')).toBeVisible({ timeout: 30_000 });
});

test('a menu is gone through by the arrows, and says how many rows are chosen', async ({ page }) => {
    await signIn(page, 'john', '/w/lakeside/leads');
    await expect(page.locator('html[data-swapping]')).toHaveCount(1);
    const filter = page.locator('main summary', { hasText: 'Filter' });
    await filter.focus();
    await page.keyboard.press('ArrowDown');
    const items = page.locator('details.menu[open] .menu-panel a[href]');
    await expect(items.first()).toBeFocused();
    await page.keyboard.press('ArrowDown');
    await expect(items.nth(1)).toBeFocused();
    await page.keyboard.press('End');
    await expect(items.last()).toBeFocused();
    await page.keyboard.press('ArrowDown');
    await expect(items.first()).toBeFocused();
    await page.keyboard.press('Escape');
    await expect(filter).toBeFocused();
    const rows = page.locator('tbody .is-check input');
    await rows.nth(0).check();
    await expect(page.getByText('1 lead chosen')).toBeVisible();
    await rows.nth(1).check();
    await expect(page.getByText('2 leads chosen')).toBeVisible();
    await rows.nth(0).uncheck();
    await rows.nth(1).uncheck();
    await expect(page.getByText('Do something with the chosen leads')).toBeVisible();
});
