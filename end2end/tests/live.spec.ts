// What a page that is open says of what others do meanwhile.
import { lead, name } from './double-submit.cases';
import { sender } from './forms';
import { expect, signIn, test } from './support';

test.beforeEach(({}, info) => {
    test.skip(info.project.name !== 'hydrated', 'without scripts one loads the page again');
});

test('a list says what others changed and shows it when asked', async ({ page, browser }) => {
    const john = await sender(browser, 'john');
    // Which no other spec works on meanwhile.
    const dealer = () => john.make('/dealers', { name: name() });
    await signIn(page, 'grace', '/w/lakeside/dealers?view=everything&sort=-createdAt');
    const bar = page.getByRole('status').filter({ hasText: 'changed' });
    await expect(bar).toBeHidden();
    const heard = page.waitForRequest((request) => request.url().includes('/stream'));
    await page.reload();
    await heard;
    const first = await dealer();
    await expect(bar).toContainText('1 dealer changed');
    const second = await dealer();
    await expect(bar).toContainText('2 dealers changed');
    // What one reads does not move by itself.
    await expect(page.getByRole('link', { name: second.name, exact: true })).toHaveCount(0);
    await bar.getByRole('link', { name: 'Show' }).click();
    for (const { name } of [first, second]) await expect(page.getByRole('link', { name, exact: true })).toBeVisible();
    await expect(bar).toBeHidden();
    // Afterwards it counts anew.
    await john.request.patch(john.at(`/api/v1/dealers/${first.id}`), { data: { name: name(), version: first.version }, headers: { 'sec-fetch-site': 'same-origin' } });
    await expect(bar).toContainText('1 dealer changed');
});

test('a record says that somebody else changed it, and not what one did oneself', async ({ page, browser }) => {
    const [john, grace] = [await sender(browser, 'john'), await sender(browser, 'grace')];
    const { id, version } = await lead(john);
    // A page is told of what was under way a tenth of a second before it was drawn, which this is not about.
    await page.waitForTimeout(300);
    await signIn(page, 'grace', `/w/lakeside/leads/${id}`);
    const bar = page.getByRole('status').filter({ hasText: 'Somebody changed this lead' });
    const edit = (own: typeof john, data: object) => own.request.patch(own.at(`/api/v1/leads/${id}`), { data, headers: { 'sec-fetch-site': 'same-origin' } });
    expect((await edit(grace, { city: 'Nakuru', version })).ok()).toBe(true);
    await lead(john);
    await page.waitForTimeout(1500);
    await expect(bar).toBeHidden();
    expect((await edit(john, { city: 'Mombasa', version: version + 1 })).ok()).toBe(true);
    await expect(bar).toBeVisible();
    await bar.getByRole('link', { name: 'Show' }).click();
    await expect(page.getByText('Mombasa').first()).toBeVisible();
    await expect(bar).toBeHidden();
});

test('who has the same record open is named, and leaves', async ({ page, browser }) => {
    const { id } = await lead(await sender(browser, 'john'));
    await signIn(page, 'grace', `/w/lakeside/leads/${id}`);
    const here = page.getByRole('status').filter({ hasText: 'is here too' });
    await expect(here).toBeHidden();
    const other = await browser.newPage();
    await signIn(other, 'john', `/w/lakeside/leads/${id}`);
    await expect(here).toHaveText('John Mwangi is here too');
    await expect(other.getByRole('status').filter({ hasText: 'is here too' })).toContainText('Grace');
    await other.close();
    await expect(here).toBeHidden();
});
