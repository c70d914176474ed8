// Boards whose columns are the values of a field: cards that are given to somebody by hand, by keys and without scripts, and keys that go from
// card to card.
import { type Page } from '@playwright/test';
import { Sender } from './forms';
import { expect, mark, signIn, stayed, test } from './support';

let names = 0;
const some = (word: string) => `${word} ${Date.now().toString(36)}${(names += 1)}`;

/** Two leads of John and one of Amina, on a board by owner that holds no others. John has more of them, so he comes first. */
async function scene(page: Page) {
    await signIn(page, 'john', '/w/lakeside/settings');
    const own = new Sender(page.request, page);
    const company = some('Fleet');
    const members: { id: string; name: string }[] = await own.run('people.list_members', {});
    const id = (name: string) => members.find((member) => member.name === name)!.id;
    const [john, amina] = [id('John Mwangi'), id('Amina Otieno')];
    const lead = async (word: string, owner: string) => own.make('/leads', { name: some(word), company, owner });
    // The newest stands on top.
    const lower = await lead('Lower', john);
    const upper = await lead('Upper', john);
    const hers = await lead('Hers', amina);
    const at = `/w/lakeside/leads?view=board&group=owner&filter=${encodeURIComponent(`company = "${company}"`)}`;
    await page.goto(at);
    const column = (of: string) => page.locator('[data-column]').filter({ has: page.locator('.board-title', { hasText: new RegExp(`^${of}$`) }) });
    const card = (name: string) => page.getByRole('listitem').filter({ has: page.getByRole('link', { name, exact: true }) });
    const title = (name: string) => page.locator('.board').getByRole('link', { name, exact: true });
    const owner = async ({ id }: { id: string }) => (await own.api(`/leads/${id}`)).owner;
    return { at, own, john, amina, lower, upper, hers, column, card, title, owner };
}

/** Handles have names once scripts listen. */
const heard = (page: Page, name: string) => page.getByRole('button', { name: `Move ${name}`, exact: true, pressed: false });
const saved = (page: Page) => page.waitForResponse((answer) => answer.url().includes('/do/records.update'));

test('a card is given to somebody by its menu, and taken back', async ({ page }) => {
    const { upper, amina, john, column, card, owner } = await scene(page);
    await expect(page.locator('.board-title')).toHaveText(['John Mwangi', 'Amina Otieno', 'Nobody']);
    await expect(column('John Mwangi').locator('.board-count')).toHaveText('2');
    await card(upper.name).locator('summary').click();
    await card(upper.name).getByRole('button', { name: 'Amina Otieno' }).click();
    await expect(column('Amina Otieno').getByRole('link', { name: upper.name, exact: true })).toBeVisible();
    await expect(page.getByText('Lead moved')).toBeVisible();
    expect(await owner(upper)).toBe(amina);
    await page.getByRole('link', { name: 'Undo', exact: true }).click();
    await page.getByRole('button', { name: 'Take it back' }).click();
    await expect(column('John Mwangi').getByRole('link', { name: upper.name, exact: true })).toBeVisible();
    expect(await owner(upper)).toBe(john);
    // To nobody, and to somebody who has no column yet by the form of the lead, which leads back here.
    await card(upper.name).locator('summary').click();
    await card(upper.name).getByRole('button', { name: 'Nobody' }).click();
    await expect(column('Nobody').getByRole('link', { name: upper.name, exact: true })).toBeVisible();
    expect(await owner(upper)).toBeNull();
    await card(upper.name).locator('summary').click();
    await card(upper.name).getByRole('link', { name: 'Another owner' }).click();
    await page.getByRole('combobox', { name: 'Owner' }).selectOption({ label: 'Grace Wanjiru' });
    await page.getByRole('button', { name: 'Save lead' }).click();
    await expect(column('Grace Wanjiru').getByRole('link', { name: upper.name, exact: true })).toBeVisible();
});

test('what makes the columns is chosen, and the address says it', async ({ page }) => {
    const { upper, column } = await scene(page);
    await page.locator('main summary', { hasText: 'Columns by' }).click();
    await page.locator('details.menu[open]').getByRole('link', { name: 'Source', exact: true }).click();
    await expect(page).toHaveURL(/group=source/);
    await expect(column('Referral')).toHaveCount(1);
    await expect(column('No source').getByRole('link', { name: upper.name, exact: true })).toBeVisible();
    await page.goto('/w/lakeside/leads?view=board&group=nonsense');
    await expect(page.getByText('Leads cannot be grouped by nonsense')).toBeVisible();
});

test.describe('with scripts', () => {
    test.beforeEach(({}, info) => {
        test.skip(info.project.name !== 'hydrated', 'scripts, a mouse and a keyboard');
    });

    test('a card is dragged to somebody', async ({ page }) => {
        const { upper, amina, column, owner } = await scene(page);
        const handle = heard(page, upper.name);
        await expect(handle).toBeVisible();
        await mark(page);
        const target = await column('Amina Otieno').boundingBox();
        await handle.hover();
        await page.mouse.down();
        await page.mouse.move(target!.x + target!.width / 2, target!.y + 80, { steps: 8 });
        const moved = saved(page);
        await page.mouse.up();
        await expect(column('Amina Otieno').getByRole('link', { name: upper.name, exact: true })).toBeVisible();
        await moved;
        await expect(page.locator('#toasts').getByText(`${upper.name} moved to Amina Otieno`)).toBeVisible();
        await expect(page.locator('#toasts').getByRole('link', { name: 'Undo' })).toHaveAttribute('href', /undo\?request=/);
        await stayed(page);
        expect(await owner(upper)).toBe(amina);
        // A column that was drawn anew has the form of the row as it is now.
        const back = await column('Nobody').boundingBox();
        await heard(page, upper.name).hover();
        await page.mouse.down();
        await page.mouse.move(back!.x + back!.width / 2, back!.y + 80, { steps: 8 });
        const again = saved(page);
        await page.mouse.up();
        await again;
        await expect(page.locator('#toasts').getByText(`${upper.name} moved to Nobody`)).toBeVisible();
        expect(await owner(upper)).toBeNull();
    });

    test('a card is dragged by a finger', async ({ browser, baseURL }) => {
        const context = await browser.newContext({ baseURL, hasTouch: true, viewport: { width: 1180, height: 820 }, locale: 'en-GB' });
        const page = await context.newPage();
        const { upper, amina, column, owner } = await scene(page);
        const handle = heard(page, upper.name);
        await expect(handle).toBeVisible();
        const from = (await handle.boundingBox())!;
        const to = (await column('Amina Otieno').boundingBox())!;
        const [x, y] = [from.x + from.width / 2, from.y + from.height / 2];
        const [toX, toY] = [to.x + to.width / 2, to.y + 80];
        const screen = await context.newCDPSession(page);
        const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', touchPoints: { x: number; y: number }[]) =>
            screen.send('Input.dispatchTouchEvent', { type, touchPoints });
        await touch('touchStart', [{ x, y }]);
        for (let step = 1; step <= 8; step += 1) {
            await touch('touchMove', [{ x: x + ((toX - x) * step) / 8, y: y + ((toY - y) * step) / 8 }]);
        }
        const moved = saved(page);
        await touch('touchEnd', []);
        await moved;
        await expect(column('Amina Otieno').getByRole('link', { name: upper.name, exact: true })).toBeVisible();
        expect(await owner(upper)).toBe(amina);
        await context.close();
    });

    test('a card is given to somebody by keys, and every step is spoken', async ({ page }) => {
        const { upper, amina, column, title, owner } = await scene(page);
        await expect(heard(page, upper.name)).toBeVisible();
        const spoken = page.locator('#announcer');
        await title(upper.name).focus();
        await page.keyboard.press('Space');
        await expect(spoken).toContainText(`${upper.name} taken from John Mwangi`);
        await page.keyboard.press('ArrowRight');
        await expect(spoken).toHaveText('Amina Otieno');
        await page.keyboard.press('Escape');
        await expect(spoken).toHaveText('Put back where it was');
        await page.keyboard.press('Space');
        await page.keyboard.press('ArrowRight');
        await expect(spoken).toHaveText('Amina Otieno');
        const moved = saved(page);
        await page.keyboard.press('Enter');
        await moved;
        await expect(column('Amina Otieno').getByRole('link', { name: upper.name, exact: true })).toBeVisible();
        await expect(spoken).toHaveText('Moved to Amina Otieno');
        await expect(title(upper.name)).toBeFocused();
        expect(await owner(upper)).toBe(amina);
    });

    test('one Tab stop leads into the board, and letters go on from there', async ({ page }) => {
        const { at, lower, upper, hers, title } = await scene(page);
        await expect(heard(page, upper.name)).toBeVisible();
        await expect(page.locator('.board .card-title[tabindex="0"]')).toHaveCount(1);
        const skip = page.getByRole('link', { name: 'Skip to the board' });
        await skip.focus();
        await page.keyboard.press('Enter');
        await expect(title(upper.name)).toBeFocused();
        await page.keyboard.press('j');
        await expect(title(lower.name)).toBeFocused();
        // The card beside it is as near as there is one.
        await page.keyboard.press('l');
        await expect(title(hers.name)).toBeFocused();
        await page.keyboard.press('h');
        await expect(title(upper.name)).toBeFocused();
        await page.keyboard.press('ArrowDown');
        await expect(title(lower.name)).toBeFocused();
        await page.keyboard.press('k');
        await expect(title(upper.name)).toBeFocused();
        // From here Tab goes to the card's own menu and out of the board, which has one card to come back to.
        await expect(page.locator('.board .card-title[tabindex="0"]')).toHaveText([upper.name]);
        await page.keyboard.press('Tab');
        await expect(page.locator('.board summary:focus')).toHaveCount(1);
        await page.keyboard.press('Tab');
        await expect(page.locator('.board :focus')).toHaveCount(0);
        await title(upper.name).focus();
        await page.keyboard.press('e');
        await expect(page.getByRole('heading', { name: `Edit ${upper.name}` })).toBeVisible();
        await page.getByRole('link', { name: 'Cancel' }).click();
        await expect(page).toHaveURL(new URL(at, page.url()).href);
        await expect(heard(page, upper.name)).toBeVisible();
        // Where nothing has the focus the letters begin on the board.
        await page.keyboard.press('j');
        await expect(title(upper.name)).toBeFocused();
        await page.keyboard.press('Enter');
        await expect(page.getByRole('heading', { name: upper.name, exact: true })).toBeVisible();
    });

    test('the sheet of shortcuts tells of them, and they can be switched off', async ({ page }) => {
        const { upper, title } = await scene(page);
        await expect(heard(page, upper.name)).toBeVisible();
        await title(upper.name).focus();
        await page.keyboard.press('?');
        const sheet = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
        await expect(sheet.getByText('Next or previous card')).toBeVisible();
        await sheet.getByLabel('Shortcuts of single letters').uncheck();
        await page.keyboard.press('Escape');
        await title(upper.name).focus();
        await page.keyboard.press('j');
        await expect(title(upper.name)).toBeFocused();
        // Arrows are no letters.
        await page.keyboard.press('ArrowDown');
        await expect(title(upper.name)).not.toBeFocused();
        await page.evaluate(() => localStorage.removeItem('nexus.keys'));
    });

    test('a column shows more of its cards, and one goes on with the first of them', async ({ page }) => {
        await signIn(page, 'john', '/w/lakeside/settings');
        const own = new Sender(page.request, page);
        const city = some('Town');
        for (let at = 0; at < 22; at += 1) await own.make('/leads', { name: some('Many'), city });
        await page.goto(`/w/lakeside/leads?view=board&group=source&filter=${encodeURIComponent(`city = "${city}"`)}`);
        const cards = page.locator('[data-column=""] .card-title');
        await expect(cards).toHaveCount(20);
        await mark(page);
        await page.getByRole('link', { name: 'Show 2 more' }).click();
        await expect(cards).toHaveCount(22);
        await expect(cards.nth(20)).toBeFocused();
        await stayed(page);
    });
});
