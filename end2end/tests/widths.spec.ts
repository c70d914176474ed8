// How wide the columns of a list are: dragged by the edge of a head with mouse and finger, moved by arrows, chosen without scripts. All of it stands in
// the address.
import { type Locator, type Page } from '@playwright/test';
import { axe, expect, mark, signIn, stayed, test } from './support';

const list = (columns: string, more = '') => `/w/lakeside/leads?view=everything&columns=${columns}${more}`;
const head = (page: Page, name: string) => page.getByRole('columnheader', { name, exact: true });
const edge = (page: Page, name: string) => page.getByRole('separator', { name: `Width of ${name}`, exact: true });
const columns = (page: Page) => expect.poll(() => new URL(page.url()).searchParams.get('columns'));
const changed = (page: Page) => page.locator('.view-changed').getByText('Changed', { exact: true });

/** Pixels of a head, and of the cells under it. */
async function wide(page: Page, name: string) {
    const whole = async (at: Locator) => Math.round((await at.boundingBox())!.width);
    const field = name.toLowerCase();
    return { head: await whole(head(page, name)), cell: await whole(page.locator(`tbody [data-field="${field}"]`).first()) };
}

/** The width nearest to these pixels that a column can have. */
const snapped = (pixels: number) => Math.min(640, Math.max(80, Math.floor((pixels + 10) / 20) * 20));

/** The middle of the edge of a head. */
async function grip(page: Page, name: string) {
    const box = (await edge(page, name).boundingBox())!;
    return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

test.describe('by hand', () => {
    test.beforeEach(({}, info) => {
        test.skip(info.project.name !== 'hydrated', 'scripts, a mouse and a keyboard');
    });

    test('the edge of a head is dragged, and Back takes the width away', async ({ page }) => {
        await signIn(page, 'john', list('name,city,value'));
        await mark(page);
        await expect(edge(page, 'City')).toHaveAttribute('aria-valuetext', 'Automatic');
        const before = (await wide(page, 'City')).head;
        const { x, y } = await grip(page, 'City');
        await page.mouse.move(x, y);
        await page.mouse.down();
        await page.mouse.move(x - 150, y, { steps: 8 });
        const now = snapped(before - 150);
        await expect(edge(page, 'City')).toHaveAttribute('aria-valuenow', `${now}`);
        await page.mouse.up();
        await columns(page).toBe(`name,city:${now},value`);
        await expect(changed(page)).toBeVisible();
        await expect(edge(page, 'City')).toHaveAttribute('aria-valuenow', `${now}`);
        expect(await wide(page, 'City')).toEqual({ head: now, cell: now });
        // What comes next keeps it.
        await head(page, 'Value').getByRole('link', { name: 'Value', exact: true }).click();
        await expect(head(page, 'Value')).toHaveAttribute('aria-sort', /ascending|descending/);
        await columns(page).toBe(`name,city:${now},value`);
        await stayed(page);
        await axe(page);
        await page.reload();
        expect(await wide(page, 'City')).toEqual({ head: now, cell: now });
        await page.goto(list('name,city,value'));
        await mark(page);
        const again = await grip(page, 'City');
        await page.mouse.move(again.x, again.y);
        await page.mouse.down();
        await page.mouse.move(again.x - 200, again.y, { steps: 8 });
        await page.mouse.up();
        await columns(page).toContain('city:');
        await page.goBack();
        await columns(page).toBe('name,city,value');
        await expect(edge(page, 'City')).toHaveAttribute('aria-valuetext', 'Automatic');
        await stayed(page);
        // One that is broken off was none, and what comes next says nothing of it.
        await page.goto('/w/lakeside/leads?view=everything');
        await mark(page);
        const held = await grip(page, 'Name');
        await page.mouse.move(held.x, held.y);
        await page.mouse.down();
        await page.mouse.move(held.x + 150, held.y, { steps: 8 });
        await expect(edge(page, 'Name')).not.toHaveAttribute('aria-valuenow', '0');
        await edge(page, 'Name').dispatchEvent('pointercancel', { pointerId: 1 });
        await expect(edge(page, 'Name')).toHaveAttribute('aria-valuenow', '0');
        await expect(edge(page, 'Name')).toHaveAttribute('aria-valuetext', 'Automatic');
        await page.mouse.up();
        await head(page, 'Value').getByRole('link', { name: 'Value', exact: true }).click();
        await expect(head(page, 'Value')).toHaveAttribute('aria-sort', /ascending|descending/);
        await columns(page).toBeNull();
        await stayed(page);
    });

    test('a column is as narrow as its width, and two clicks on its edge leave that to what stands in it', async ({ page }) => {
        await signIn(page, 'john', list('name:80,city:80,value:80'));
        await mark(page);
        // Where every column has its width none is stretched.
        for (const name of ['Name', 'City', 'Value']) expect(await wide(page, name)).toEqual({ head: 80, cell: 80 });
        const { x, y } = await grip(page, 'Name');
        await page.mouse.click(x, y);
        await expect(edge(page, 'Name')).toHaveAttribute('aria-valuenow', '80');
        await page.mouse.dblclick(x, y);
        await columns(page).toBe('name,city:80,value:80');
        await expect(edge(page, 'Name')).toHaveAttribute('aria-valuetext', 'Automatic');
        expect((await wide(page, 'City')).head).toBe(80);
        await stayed(page);
    });

    test('arrows move the edge that has the focus, which it keeps', async ({ page }) => {
        await signIn(page, 'john', list('name:280,city,value'));
        await mark(page);
        await edge(page, 'Name').focus();
        await page.keyboard.press('ArrowRight');
        await page.keyboard.press('ArrowRight');
        await expect(edge(page, 'Name')).toHaveAttribute('aria-valuenow', '320');
        await columns(page).toBe('name:320,city,value');
        await expect(changed(page)).toBeVisible();
        await expect(edge(page, 'Name')).toBeFocused();
        await page.keyboard.press('ArrowLeft');
        await columns(page).toBe('name:300,city,value');
        await expect(edge(page, 'Name')).toBeFocused();
        expect(await wide(page, 'Name')).toEqual({ head: 300, cell: 300 });
        // Who goes on before the list was drawn with the width takes it along, and gets there however long the answer takes.
        await page.route(/sort=/, async (route) => {
            await new Promise((later) => setTimeout(later, 800));
            await route.continue();
        });
        await page.keyboard.press('ArrowRight');
        await head(page, 'Value').getByRole('link', { name: 'Value', exact: true }).click();
        await expect(head(page, 'Value')).toHaveAttribute('aria-sort', /ascending|descending/);
        await columns(page).toBe('name:320,city,value');
        await expect(edge(page, 'Name')).toHaveAttribute('aria-valuenow', '320');
        await page.unroute(/sort=/);
        await stayed(page);
        // No further than there are widths.
        await page.goto(list('name:80,city:640,value'));
        await mark(page);
        for (const [name, key, end] of [['Name', 'ArrowLeft', '80'], ['City', 'ArrowRight', '640']]) {
            await edge(page, name).focus();
            await page.keyboard.press(key);
            await expect(edge(page, name)).toHaveAttribute('aria-valuenow', end);
        }
        await stayed(page);
    });

    test('the edge is dragged by a finger, in every group at once', async ({ browser, baseURL }) => {
        const context = await browser.newContext({ baseURL, hasTouch: true, viewport: { width: 1180, height: 820 }, locale: 'en-GB' });
        const page = await context.newPage();
        await signIn(page, 'john', list('name:200,city', '&group=status'));
        await mark(page);
        const box = (await edge(page, 'Name').first().boundingBox())!;
        const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
        const screen = await context.newCDPSession(page);
        const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', touchPoints: { x: number; y: number }[]) =>
            screen.send('Input.dispatchTouchEvent', { type, touchPoints });
        await touch('touchStart', [{ x, y }]);
        for (let step = 1; step <= 8; step += 1) await touch('touchMove', [{ x: x + (120 * step) / 8, y }]);
        await touch('touchEnd', []);
        await columns(page).toBe('name:320,city');
        await expect(page.locator('tbody th.is-lead:not(.w-col-320)')).toHaveCount(0);
        await stayed(page);
        await context.close();
    });
});

test('the chooser gives a width, with and without scripts', async ({ page }, info) => {
    test.skip(info.project.name === 'phone', 'rows are cards');
    await signIn(page, 'john', list('name,city,value'));
    const choose = page.locator('main').getByRole('link', { name: 'Columns', exact: true });
    await choose.click();
    await page.getByLabel('Width of City', { exact: true }).and(page.locator('select')).selectOption({ label: 'Wide' });
    await page.getByRole('button', { name: 'Show these columns' }).click();
    // Whoever came by it reads one parameter.
    await columns(page).toBe('name,city:320,value');
    expect(new URL(page.url()).searchParams.has('width')).toBe(false);
    await expect(changed(page)).toBeVisible();
    expect(await wide(page, 'City')).toEqual({ head: 320, cell: 320 });
    if (info.project.name === 'no-js') await expect(edge(page, 'City')).toHaveCount(0);
    // Another order is an order of the same widths, and a view takes them along.
    await choose.click();
    await page.getByRole('link', { name: 'Move City to the left' }).click();
    await columns(page).toBe('city:320,name,value');
    await page.getByRole('link', { name: 'Save as' }).click();
    await expect(page.locator('input[name="content.columns"]').first()).toHaveValue('city:320,name,value');
});

test('cards of a phone are as they were', async ({ page }, info) => {
    test.skip(info.project.name !== 'phone', 'a phone');
    await signIn(page, 'john', list('name:80,city:80,value:80'));
    const lead = (await page.locator('tbody th.is-lead').first().boundingBox())!;
    expect(lead.width).toBeGreaterThan(200);
    await expect(edge(page, 'Name')).toHaveCount(0);
    await axe(page);
});
