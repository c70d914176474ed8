// Calendars: days one goes through, cards that are moved by hand, by keys and by form, and what a phone and a browser without scripts make of it.
import { type Page } from '@playwright/test';
import { Sender } from './forms';
import { expect, field, mark, signIn, stayed, test } from './support';

/** A month that no other spec and no demo row is in. */
const MONTH = '2027-03';
const on = (day: number) => `${MONTH}-${String(day).padStart(2, '0')}`;

/** A task of one's own. Answers its path. */
async function task(page: Page, title: string, day: number): Promise<string> {
    const { id } = await new Sender(page.request, page).make('/tasks', { title, dueOn: on(day) });
    return `/w/lakeside/tasks/${id}`;
}

const address = (title: string, more = '', from = 1) =>
    `/w/lakeside/tasks?view=calendar&on=${on(from)}&filter=${encodeURIComponent(`title = "${title}"`)}${more}`;

/** A day of the calendar, and the card of this name on it. */
const day = (page: Page, of: number) => page.locator(`[data-column="${on(of)}"]`);
const card = (page: Page, of: number, title: string) => day(page, of).getByRole('link', { name: title, exact: true });

const saved = (page: Page) => page.waitForResponse((answer) => answer.url().includes('/do/records.update'));

test('one goes through months, weeks and days by links', async ({ page }, info) => {
    const title = `Walked ${info.project.name} ${Date.now()}`;
    await signIn(page, 'john', '/w/lakeside/tasks');
    await task(page, title, 17);
    await page.goto('/w/lakeside/tasks');
    await page.getByRole('navigation', { name: 'Shown as' }).getByRole('link', { name: 'Calendar' }).click();
    await expect(page.locator('[aria-current="date"]')).toHaveCount(1);
    await page.goto(address(title));
    await expect(page.getByRole('heading', { name: 'March 2027', level: 2, exact: true })).toBeVisible();
    await expect(card(page, 17, title)).toBeVisible();
    await page.getByRole('link', { name: 'On', exact: true }).click();
    await expect(page.getByRole('heading', { name: 'April 2027', level: 2, exact: true })).toBeVisible();
    await page.getByRole('link', { name: 'Back', exact: true }).click();
    await expect(page.getByRole('heading', { name: 'March 2027', level: 2, exact: true })).toBeVisible();
    const scales = page.getByRole('navigation', { name: 'Days shown' });
    await page.goto(address(title, '', 17));
    await scales.getByRole('link', { name: 'Week' }).click();
    await expect(page.getByRole('heading', { name: '15 – 21 Mar 2027', level: 2 })).toBeVisible();
    await expect(card(page, 17, title)).toBeVisible();
    await scales.getByRole('link', { name: 'Agenda' }).click();
    await expect(card(page, 17, title)).toBeVisible();
    await page.getByRole('link', { name: /^Wed 17 Mar 2027/ }).click();
    await expect(page.getByRole('heading', { name: 'Wednesday, 17 March 2027', level: 2 })).toBeVisible();
    await card(page, 17, title).click();
    await expect(page.getByRole('heading', { name: title, exact: true })).toBeVisible();
});

test('a card is moved by its form, and something new stands on its day', async ({ page }, info) => {
    const title = `Formed ${info.project.name} ${Date.now()}`;
    await signIn(page, 'john', '/w/lakeside/tasks');
    const path = await task(page, title, 9);
    await page.goto(address(title));
    // The menu of a month shows under the pointer; a finger and the agenda have it always.
    await day(page, 9).locator('.cal-card').hover();
    await page.getByLabel(`Move ${title} to another day`).click();
    await page.getByLabel('Due on').fill(on(23));
    await page.getByRole('button', { name: 'Move', exact: true }).click();
    await expect(card(page, 23, title)).toBeVisible();
    await expect(page.getByText('Task moved')).toBeVisible();
    await page.goto(path);
    await expect(page.getByText('23 Mar 2027').first()).toBeVisible();
    // New, on the day after.
    const next = `${title} too`;
    await page.goto(address(title, info.project.name === 'phone' ? '&scale=day' : '&scale=week', 24));
    await day(page, 24).hover();
    await page.getByRole('link', { name: 'New task on 24 March' }).click();
    await expect(page.getByLabel('Due on')).toHaveValue(on(24));
    await field(page, 'Title').fill(next);
    await page.getByRole('button', { name: 'Create task' }).click();
    await expect(page).toHaveURL(/view=calendar/);
    await page.goto(address(next));
    await expect(card(page, 24, next)).toBeVisible();
});

test.describe('with scripts', () => {
    test.beforeEach(({}, info) => {
        test.skip(info.project.name !== 'hydrated', 'scripts, a mouse and a keyboard');
    });

    test('a card is dragged to another day', async ({ page }) => {
        const title = `Dragged ${Date.now()}`;
        await signIn(page, 'john', '/w/lakeside/tasks');
        await task(page, title, 10);
        await page.goto(address(title));
        await expect(page.locator('html.has-hands')).toHaveCount(1);
        await mark(page);
        const target = await day(page, 19).boundingBox();
        await day(page, 10).locator('.cal-card').hover();
        await page.mouse.down();
        await page.mouse.move(target!.x + target!.width / 2, target!.y + target!.height / 2, { steps: 8 });
        await expect(day(page, 19)).toHaveClass(/is-over/);
        const moved = saved(page);
        await page.mouse.up();
        await expect(card(page, 19, title)).toBeVisible();
        await moved;
        await stayed(page);
        await page.reload();
        await expect(card(page, 19, title)).toBeVisible();
        // Once more, from where it is now: the form of the page that was drawn anew.
        const other = await day(page, 4).boundingBox();
        await day(page, 19).locator('.cal-card').hover();
        await page.mouse.down();
        await page.mouse.move(other!.x + 60, other!.y + 60, { steps: 8 });
        const again = saved(page);
        await page.mouse.up();
        await again;
        await expect(card(page, 4, title)).toBeVisible();
    });

    test('a card is moved by keys and every step is spoken', async ({ page }) => {
        const title = `Carried ${Date.now()}`;
        await signIn(page, 'john', '/w/lakeside/tasks');
        await task(page, title, 10);
        await page.goto(address(title));
        await expect(page.locator('html.has-hands')).toHaveCount(1);
        const spoken = page.locator('#announcer');
        // Arrows find the card from the number of the day before.
        await day(page, 9).getByRole('link', { name: /^Tue 9 Mar 2027/ }).focus();
        await page.keyboard.press('ArrowRight');
        await expect(day(page, 10).getByRole('link', { name: /^Wed 10 Mar 2027/ })).toBeFocused();
        await page.keyboard.press('ArrowDown');
        await expect(card(page, 10, title)).toBeFocused();
        await page.keyboard.press('Space');
        await expect(spoken).toContainText(`${title} taken from Wednesday, 10 March`);
        await page.keyboard.press('ArrowRight');
        await expect(spoken).toHaveText('Thursday, 11 March');
        await page.keyboard.press('ArrowDown');
        await expect(spoken).toHaveText('Thursday, 18 March');
        await page.keyboard.press('Escape');
        await expect(spoken).toHaveText('Put back where it was');
        await page.keyboard.press('Space');
        await page.keyboard.press('ArrowUp');
        await expect(spoken).toHaveText('Wednesday, 3 March');
        const moved = saved(page);
        await page.keyboard.press('Enter');
        await moved;
        await expect(card(page, 3, title)).toBeFocused();
        await expect(spoken).toHaveText('Moved to Wednesday, 3 March');
        // Enter opens.
        await page.keyboard.press('Enter');
        await expect(page.getByRole('heading', { name: title, exact: true })).toBeVisible();
    });

    test('a day that the field cannot hold is closed, and what somebody else changed is not overwritten', async ({ page }) => {
        await signIn(page, 'john', '/w/lakeside/leads');
        const name = `Enquiry ${Date.now()}`;
        const john = new Sender(page.request, page);
        const { id } = await john.make('/leads', { name, enquiredOn: '2026-03-10' });
        const filter = encodeURIComponent(`name = "${name}"`);
        const tomorrow = await page.evaluate(() => new Date(Date.now() + 36 * 3_600_000).toISOString().slice(0, 10));
        await page.goto(`/w/lakeside/leads?view=calendar&scale=week&filter=${filter}&on=${tomorrow}`);
        await expect(page.locator(`[data-column="${tomorrow}"]`)).toHaveAttribute('data-closed', 'Enquired on cannot be after today');
        // Read at version 1; meanwhile it becomes version 2.
        await page.goto(`/w/lakeside/leads?view=calendar&on=2026-03-01&filter=${filter}`);
        await expect(page.locator('html.has-hands')).toHaveCount(1);
        await john.run('records.update', { entity: 'lead', id, version: 1, values: { city: 'Kisumu' } });
        await page.getByRole('link', { name, exact: true }).focus();
        await page.keyboard.press('Space');
        await page.keyboard.press('ArrowRight');
        const refused = saved(page);
        await page.keyboard.press('Enter');
        await refused;
        await expect(page.locator('#toasts').getByText(/was changed by .* after you read it/)).toBeVisible();
        await expect(page.locator('[data-column="2026-03-10"]').getByRole('link', { name, exact: true })).toBeVisible();
        expect((await john.api(`/leads/${id}`)).enquiredOn).toBe('2026-03-10');
    });

    test('a timeline is grouped by links', async ({ page }) => {
        await signIn(page, 'john', '/w/lakeside/opportunities?view=timeline');
        await expect(page.getByRole('table').getByRole('rowheader').first()).toBeVisible();
        await mark(page);
        await page.getByRole('navigation', { name: 'Days shown' }).getByRole('link', { name: 'Month' }).click();
        await expect(page).toHaveURL(/scale=month/);
        await stayed(page);
    });
});
