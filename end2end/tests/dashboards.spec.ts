// Dashboards: found in the rail, read over other days, and followed from a mark and from its table to exactly the rows that were counted.
import { expect, signIn, test } from './support';

const SALES = '/w/lakeside/dashboards/sales';

/** How many rows the list that is open says it has. */
const many = /^(\d[\d,]*) leads?\b/;

test('the sales dashboard is found in the rail and shows what it was described to show', async ({ page }, info) => {
    await signIn(page, 'grace', '/w/lakeside');
    if (info.project.name === 'phone') {
        await page.goto('/w/lakeside/dashboards');
    } else {
        await page.getByRole('link', { name: 'Dashboards', exact: true }).first().click();
    }
    await expect(page.getByRole('heading', { name: 'Dashboards', level: 1 })).toBeVisible();
    await page.getByRole('main').getByRole('link', { name: 'Sales', exact: true }).click();
    await expect(page.getByRole('heading', { name: 'Sales', level: 1 })).toBeVisible();
    for (const title of ['How far opportunities have come', 'Won by month', 'Where leads come from', 'Won of what was decided']) {
        await expect(page.getByRole('heading', { name: title, level: 2 })).toBeVisible();
    }
    await expect(page.getByRole('link', { name: 'Open pipeline', exact: true })).toBeVisible();
});

test('days are chosen by name and by their ends, and what cannot be read is said', async ({ page }) => {
    await signIn(page, 'grace', SALES);
    await page.goto(SALES);
    const days = page.getByRole('navigation', { name: 'Days shown' });
    await expect(days.getByRole('link', { name: 'This year' })).toHaveAttribute('aria-current', 'page');
    await days.getByRole('link', { name: 'This month' }).click();
    await expect(page).toHaveURL(/range=month/);
    await page.getByLabel('From', { exact: true }).fill('2001-01-01');
    await page.getByLabel('To', { exact: true }).fill('2001-01-31');
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await expect(page).toHaveURL(/from=2001-01-01&to=2001-01-31/);
    await expect(page.getByText('No leads in these days').first()).toBeVisible();
    await expect(page.getByLabel('From', { exact: true })).toHaveValue('2001-01-01');
    // The wrong way round: said beside the control, with what was typed.
    await page.getByLabel('To', { exact: true }).fill('2000-01-31');
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await expect(page.getByText('2000-01-31 is before 2001-01-01')).toBeVisible();
    await expect(page.getByLabel('From', { exact: true })).toHaveValue('2001-01-01');
    await expect(page.getByLabel('To', { exact: true })).toHaveValue('2000-01-31');
});

test('a mark and its figure lead to the rows that they count', async ({ page }) => {
    await signIn(page, 'grace', SALES);
    await page.goto(SALES);
    const chart = page.locator('section', { has: page.getByRole('heading', { name: 'Leads by month and stage', exact: true }) });
    await chart.getByText('Show as table').click();
    const cells = chart.getByRole('cell').getByRole('link');
    const texts = await cells.allTextContents();
    const at = texts.findIndex((text) => text !== '0');
    expect(at, 'some month has leads').toBeGreaterThanOrEqual(0);
    const href = await cells.nth(at).getAttribute('href');
    // The mark of the same rows.
    await expect(chart.locator(`svg a[href="${href}"]`)).toHaveAttribute('aria-label', new RegExp(`: ${texts[at]}$`));
    await cells.nth(at).click();
    await expect(page).toHaveURL(/\/leads\?filter=/);
    await expect(page.getByText(many).first()).toHaveText(new RegExp(`^${texts[at]} leads?\\b`));
});

test.describe('with scripts', () => {
    test.beforeEach(({}, info) => {
        test.skip(info.project.name !== 'hydrated', 'a mouse and a keyboard');
    });

    test('what is under the pointer is said beside it, and goes with Escape', async ({ page }) => {
        await signIn(page, 'grace', SALES);
        await page.goto(SALES);
        const mark = page.locator('svg [data-said]').first();
        const said = (await mark.getAttribute('data-said')) ?? '';
        // Hydration takes its time.
        await expect(async () => {
            await page.mouse.move(0, 0);
            await mark.hover();
            await expect(page.locator('#chart-tip')).toHaveText(said, { timeout: 500 });
        }).toPass();
        await page.keyboard.press('Escape');
        await expect(page.locator('#chart-tip')).toHaveCount(0);
        const link = page.locator('svg a[data-said]').first();
        await link.focus();
        await expect(page.locator('#chart-tip')).toBeVisible();
    });

    test('the palette knows dashboards by name', async ({ page }) => {
        await signIn(page, 'grace', '/w/lakeside');
        await page.goto('/w/lakeside/go?q=dashboard');
        await page.getByRole('main').getByRole('link', { name: /Dashboard: Sales/ }).click();
        await expect(page).toHaveURL(/dashboards\/sales/);
    });
});
