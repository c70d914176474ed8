// Help: the article of the page that is open, a search over all of them, and what a role does not allow; the first steps of a new workspace, which end.
import { filled, Sender, sender } from './forms';
import { newcomer, secret } from './people';
import { axe, expect, signIn, test } from './support';
import { type Browser, type Page } from '@playwright/test';

/** The way into the help: in the rail, which a phone keeps in a sheet. */
const way = (page: Page) => page.locator('.rail a[title="Help"]');

const scripts = ({ javaScriptEnabled }: { javaScriptEnabled?: boolean }) => javaScriptEnabled !== false;

test('help opens the article of the page, and leads through it', async ({ page, javaScriptEnabled }, info) => {
    await signIn(page, 'amina', '/w/lakeside/leads');
    for (const [path, article] of [
        ['/w/lakeside/leads?view=board', 'boards'],
        ['/w/lakeside/leads/import', 'importing#upload-a-file'],
        ['/w/lakeside/settings/profile', 'account#profile'],
    ]) {
        await page.goto(path);
        await expect(way(page)).toHaveAttribute('href', `/w/lakeside/help/${article}`);
    }
    await page.goto('/w/lakeside/leads?view=everything');
    if (info.project.name === 'phone') {
        await page.goto((await way(page).getAttribute('href')) ?? '');
    } else {
        await way(page).click();
    }
    await expect(page.getByRole('heading', { name: 'Lists and views', level: 1 })).toBeVisible();
    await page.getByRole('navigation', { name: 'In this article' }).getByRole('link', { name: 'Saved views' }).click();
    await expect(page).toHaveURL(/\/help\/lists#saved-views$/);
    await expect(page.getByRole('heading', { name: 'Saved views', level: 2 })).toBeInViewport();
    // From one article to another, and to the page that it is about.
    await page.getByRole('main').getByRole('link', { name: 'as a sentence' }).click();
    await expect(page.getByRole('heading', { name: 'Filters', level: 1 })).toBeVisible();
    if (scripts({ javaScriptEnabled })) await axe(page);
});

test('articles are found by their words', async ({ page, javaScriptEnabled }) => {
    await signIn(page, 'amina', '/w/lakeside/help');
    await page.goto('/w/lakeside/help');
    await expect(page.getByRole('heading', { name: 'By role', level: 2 })).toBeVisible();
    await expect(page.getByRole('main').getByRole('link', { name: 'Guide for salespeople' })).toBeVisible();
    if (scripts({ javaScriptEnabled })) await axe(page);
    await page.getByRole('searchbox', { name: 'Search help' }).fill('undo import');
    await page.getByRole('main').getByRole('button', { name: 'Search', exact: true }).click();
    await expect(page).toHaveURL(/\/help\?q=undo/);
    await expect(page.getByRole('searchbox', { name: 'Search help' })).toHaveValue('undo import');
    await page.getByRole('main').getByRole('link', { name: 'Importing', exact: true }).click();
    await expect(page).toHaveURL(/\/help\/importing#undo-an-import$/);
    await page.goto('/w/lakeside/help?q=zebra');
    await expect(page.getByText('No article has “zebra”')).toBeVisible();
    await page.getByRole('link', { name: 'Show all articles' }).click();
    await expect(page.getByRole('heading', { name: 'By subject', level: 2 })).toBeVisible();
});

test('what a role does not allow is said in one line', async ({ page }) => {
    await signIn(page, 'samuel', '/w/lakeside/help/keys');
    await page.goto('/w/lakeside/help/keys');
    await expect(page.getByText('it needs the permission people.key.create')).toBeVisible();
    await page.goto('/w/lakeside/help/lists');
    await expect(page.getByText('it needs the permission')).toHaveCount(0);
    // A refusal leads there.
    await page.goto('/w/lakeside/settings/audit');
    await page.getByRole('link', { name: 'How permissions work' }).click();
    await expect(page.getByRole('heading', { name: 'When something is greyed out', level: 2 })).toBeVisible();
});

/** Somebody who owns a workspace that was made a moment ago: its path, and what they sign in with. */
async function founder(browser: Browser): Promise<{ home: string; login: string; own: Sender }> {
    const grace = await sender(browser, 'grace');
    const { own, login } = await newcomer(browser, grace);
    const [form] = (await own.forms('/workspaces/new')).filter(({ does }) => does === '/workspaces/new');
    const workspace = `Steps ${Date.now().toString(36)}`;
    const made = await own.send(filled(form, { workspace, industry: 'automotive', currency: 'KES', timezone: 'Africa/Nairobi' }));
    expect(made.status, made.text).toBe(303);
    const home = /\/w\/[a-z0-9-]+/.exec(made.to)?.[0] ?? '';
    expect(home, `${made.to} is in the workspace`).not.toBe('');
    return { home, login, own };
}

test('a new workspace shows its first steps, which are done one by one and put away', async ({ page, browser, javaScriptEnabled }) => {
    const { home, login } = await founder(browser);
    await page.goto(`/sign-in?next=${home}`);
    await page.getByLabel('E-mail or phone').fill(login);
    await page.getByLabel('Password').fill(secret);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.goto(home);
    const steps = page.locator('section', { has: page.getByRole('heading', { name: 'First steps', exact: true }) });
    await expect(steps.getByText('0 of 4 done')).toBeVisible();
    if (scripts({ javaScriptEnabled })) await axe(page);
    await steps.getByRole('link', { name: 'New lead' }).click();
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Baraka Traders');
    await page.getByRole('button', { name: 'Create lead' }).click();
    // The record is there before the list says so.
    await expect(page.getByRole('heading', { name: 'Baraka Traders', level: 1 })).toBeVisible();
    await page.goto(home);
    await expect(steps.getByText('1 of 4 done')).toBeVisible();
    await expect(steps.getByRole('listitem').filter({ hasText: 'Make your first lead' })).toContainText('Done');
    await steps.getByRole('link', { name: 'Add company details' }).click();
    await expect(page.getByRole('heading', { name: 'Company', level: 1 })).toBeVisible();
    await page.goto(home);
    await steps.getByRole('button', { name: 'Put away' }).click();
    await expect(page.getByText('Put away. The guide for administrators is under Help')).toBeVisible();
    await expect(steps).toHaveCount(0);
    await page.goto(home);
    await expect(steps).toHaveCount(0);
});

test('a demo workspace shows no first steps', async ({ page }) => {
    await signIn(page, 'grace', '/w/lakeside');
    await page.goto('/w/lakeside');
    await expect(page.getByRole('heading', { name: 'Today', level: 1 })).toBeVisible();
    await expect(page.getByText('First steps')).toHaveCount(0);
});
