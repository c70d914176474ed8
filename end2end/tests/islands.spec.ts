// What scripts add to the pages: the palette, cards and cells under the hand, an import that tells how far it is.
import { type Locator, type Page } from '@playwright/test';
import { listening } from './actions';
import { altered, csv, enter, expect, field, mark, signIn, stayed, test, unchecked, upload } from './support';

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

test('Ctrl K offers what can be done with the record that is open', async ({ page }) => {
    const name = `Palette Acts${Date.now()}`;
    await signIn(page, 'john', '/w/lakeside');
    const path = await lead(page, name);
    const input = page.getByRole('combobox', { name: 'Search records, pages and actions' });
    const ask = async (words: string) => {
        await expect(async () => {
            if (!(await input.isVisible())) await page.keyboard.press('Control+k');
            await expect(input).toBeFocused({ timeout: 1000 });
        }).toPass();
        // Also once the server has answered, which knows nothing of it.
        const answered = page.waitForResponse((answer) => answer.url().endsWith(`/go?q=${encodeURIComponent(words)}`));
        await input.fill(words);
        await answered;
        await expect(page.locator('#palette [data-said]')).toHaveText(/result/);
    };
    await ask('merge');
    await expect(page.getByRole('option', { name: 'Merge with another' })).toBeVisible();
    await ask('move to contacted');
    await expect(page.getByRole('option', { name: 'Move to: Contacted' })).toHaveAttribute('aria-selected', 'true');
    // A button is pressed where it stands.
    await page.keyboard.press('Enter');
    await expect(page.getByText('Lead moved')).toBeVisible();
    await ask('edit');
    await expect(page.getByRole('option', { name: 'Edit', exact: true })).toHaveAttribute('aria-selected', 'true');
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL(new RegExp(`${path}/edit`));
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
    // What has the focus keeps it. What goes with its place leaves it to the content.
    const main = page.locator('#main');
    const columns = main.getByRole('link', { name: 'Columns', exact: true });
    const chooser = main.getByRole('button', { name: 'Show these columns' });
    await columns.click();
    await expect(chooser).toBeVisible();
    await expect(columns).toBeFocused();
    await main.getByRole('link', { name: 'Close', exact: true }).click();
    await expect(chooser).toHaveCount(0);
    await expect(main).toBeFocused();
    // Of many that are called the same it is the one that had it.
    await columns.click();
    await expect(chooser).toBeVisible();
    const box = main.locator('tbody input[name=row]').nth(2);
    const row = await box.getAttribute('value');
    await box.focus();
    await page.goBack();
    await expect(chooser).toHaveCount(0);
    await expect(main.locator(`tbody input[name=row][value="${row}"]`)).toBeFocused();
    await stayed(page);
});

/** The page of work that is done, as it is while that takes longer: figures change, what has the focus keeps it, and the end is said. */
async function longer(page: Page, done: Locator) {
    const at = page.url();
    const work = (status: string, words: string, kept: string) =>
        `<div data-import="1" data-status="${status}"><div class="progress"><span class="progress-detail">${words}</span></div><a href="${at}">Look again</a></div><div data-region="kept">${kept}</div>`;
    let content = work('queued', 'Waiting for its turn', '');
    await altered(page, at, (text) => (content ? text.replace(/(?<=<main [^>]*>)[^]*(?=<\/main>)/, content) : text));
    await page.goto(at);
    const again = page.getByRole('link', { name: 'Look again' });
    await again.focus();
    content = work('running', '300 of 600 rows · 7 refused so far', 'Kept since');
    await expect(page.getByText('7 refused so far')).toBeVisible();
    await expect(page.getByText('Kept since')).toBeVisible();
    await expect(page.locator('[data-status=running]')).toHaveCount(1);
    await expect(again).toBeFocused();
    content = '';
    await expect(done).toBeVisible();
    await expect(page.locator('#main')).toBeFocused();
    await expect(page.locator('#announcer')).toHaveText('The import is done');
    await page.unroute(at);
}

test('an import tells that it is done without being looked at again', async ({ page }) => {
    await signIn(page, 'john', '/w/lakeside');
    const rows = Array.from({ length: 600 }, (_, at) => `Progress ${at},progress.${Date.now()}.${at}@example.com`);
    await upload(page, 'lakeside', csv(`Name,E-mail\n${rows.join('\n')}\n`));
    await page.getByRole('button', { name: 'Look at what would happen' }).click();
    await page.getByRole('button', { name: 'Import 600 leads' }).click();
    const done = page.locator('main').getByText('The import is done');
    await expect(done).toBeVisible({ timeout: 30_000 });
    await longer(page, done);
    // The list is left as it was for the other specs.
    await page.getByRole('link', { name: 'Undo this import' }).click();
    await page.getByRole('button', { name: 'Undo the import' }).click();
    await expect(page.locator('main').getByText('This import was undone')).toBeVisible({ timeout: 30_000 });
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

test('ticks stay from page to page, are shown and cleared, and end with what is begun and with the session', async ({ page }) => {
    const name = `Ticked ${Date.now()}`;
    // A session of its own: this one is ended.
    await enter(page, 'john', '/w/lakeside');
    for (const at of [1, 2, 3]) await lead(page, `${name} ${at}`);
    const list = `/w/lakeside/leads?view=everything&sort=name&limit=2&filter=${encodeURIComponent(`name starts with "${name}"`)}`;
    await page.goto(list);
    await mark(page);
    const count = page.locator('.bulk-count');
    const box = (at: number) => page.getByRole('checkbox', { name: `Choose ${name} ${at}` });
    await box(1).check();
    await expect(count).toHaveText('1 lead chosen');
    await page.getByRole('link', { name: 'Next page' }).click();
    await expect(box(3)).toBeVisible();
    await expect(count).toHaveText('1 lead chosen, 0 of them on this page');
    await expect(page.locator('.bulkbar'), 'there is something to do it with').not.toHaveCSS('background-color', 'rgba(0, 0, 0, 0)');
    // There is no further page, so that the link that led here is gone; which rows these are is said.
    await expect(page.locator('#main')).toBeFocused();
    await expect(page.locator('#remarks')).toHaveText(/^3 leads, 3–3 of 3$/);
    await box(3).check();
    await expect(count).toHaveText('2 leads chosen, 1 of them on this page');
    // In another order there is another page, and what is chosen of it is ticked.
    await page.locator('main thead').getByRole('link', { name: 'Name', exact: true }).click();
    await expect(box(2)).toBeVisible();
    await expect(box(3)).toBeChecked();
    await expect(box(2)).not.toBeChecked();
    await expect(count).toHaveText('2 leads chosen, 1 of them on this page');
    // Shown by themselves, also on a page that is loaded anew.
    await page.getByRole('link', { name: 'Show them' }).click();
    await expect(page.getByText('Only chosen rows')).toBeVisible();
    await stayed(page);
    await page.reload();
    await expect(box(1)).toBeChecked();
    await expect(box(3)).toBeChecked();
    await expect(box(2)).toHaveCount(0);
    await expect(page.getByRole('button', { name: /^All / })).toHaveCount(0);
    await page.getByRole('link', { name: 'Remove the filter Only chosen rows' }).click();
    await expect(page.getByText('Only chosen rows')).toHaveCount(0);
    // The list is narrowed again to what it was.
    await expect(page).toHaveURL(/[?&]filter=name/);
    // Those of the other page go along, and are chosen no more once it is begun.
    await page.goto(list);
    await expect(count).toHaveText('2 leads chosen, 1 of them on this page');
    await page.getByRole('button', { name: 'The chosen ones' }).click();
    await expect(page.getByRole('heading', { name: '2 leads' })).toBeVisible();
    await page.getByRole('navigation', { name: 'Fields' }).getByRole('link', { name: 'City', exact: true }).click();
    await listening(page);
    await field(page, 'City').fill('Kisumu');
    await page.getByRole('button', { name: 'Change them' }).click();
    await expect(page.getByText('2 leads changed.')).toBeVisible({ timeout: 30_000 });
    const job = page.url();
    await page.goto(list);
    await expect(count).toHaveText('Do something with the chosen leads');
    await expect(box(1)).not.toBeChecked();
    await mark(page);
    // What was refused was not begun: the page of something else takes no ticks away.
    await box(1).check();
    await page.getByRole('button', { name: 'The chosen ones' }).click();
    await page.getByRole('navigation', { name: 'Fields' }).getByRole('link', { name: 'Value', exact: true }).click();
    await listening(page);
    await page.locator('[name="values.value.amount"]').fill('much');
    await unchecked(page);
    await page.getByRole('button', { name: 'Change them' }).click();
    await expect(page.getByRole('alert').getByText('Nothing was changed')).toBeVisible();
    await listening(page);
    // Loaded anew it is still about the same row.
    await expect(page).toHaveURL(/\/leads\/bulk\?/);
    await page.reload();
    await expect(page.getByRole('heading', { name: '1 lead', exact: true })).toBeVisible();
    await listening(page);
    await page.goto(job);
    await listening(page);
    await page.goto(list);
    await expect(count).toHaveText('1 lead chosen');
    await mark(page);
    await box(1).uncheck();
    await box(2).check();
    await page.getByRole('button', { name: 'Clear', exact: true }).click();
    await expect(count).toHaveText('Do something with the chosen leads');
    await expect(box(2)).not.toBeChecked();
    // And nothing is left for whoever signs in next in this tab.
    await box(2).check();
    await expect(count).toHaveText('1 lead chosen');
    await page.goto('/w/lakeside/settings');
    await listening(page);
    await page.locator('main').getByRole('button', { name: 'Sign out' }).click();
    await expect(page.getByRole('button', { name: 'Sign in' })).toBeVisible();
    await enter(page, 'john', list);
    await page.goto(list);
    await expect(count).toHaveText('Do something with the chosen leads');
});
