// What every spec has: people who sign in, and a page on which a console error, a refused policy or a fault of accessibility fails the test.
import AxeBuilder from '@axe-core/playwright';
import { expect, test as base, type BrowserContext, type Page } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const dataDir = process.env.E2E_DATA_DIR ?? '';
/** Everybody's, on a server that shows the demo. */
export const password = () => readFileSync(join(dataDir, 'demo-password'), 'utf8').trim();

/** What a browser says on its own account when an answer is a refusal; the refusal itself is what the spec looks at. */
const expected = /the server responded with a status of (400|401|403|404|409|412|422|429)/;
/** Without scripts nobody takes what the page preloads for them, and on a busy machine they take it later than the browser thinks they should. */
const preloaded = /was preloaded using link preload but not used/;
/** The browser fades from page to page by itself, and tells nobody in particular when it leaves that out because a page was slow. */
const faded = /^Transition was (aborted|skipped)/;

/** Notes what any page of the context complains of. */
export function watch(context: BrowserContext, complaints: string[]) {
    const usual = (text: string) => expected.test(text) || preloaded.test(text);
    context.on('console', (message) => {
        if (['error', 'warning'].includes(message.type()) && !usual(message.text())) {
            complaints.push(`${message.type()}: ${message.text()}`);
        }
    });
    context.on('weberror', (error) => {
        const { message } = error.error();
        if (!faded.test(message)) complaints.push(`page error: ${message}`);
    });
}

/** Complaints of any page of the test, collected while it runs. */
export const test = base.extend<{ complaints: string[] }>({
    complaints: [
        async ({ context }, use) => {
            const complaints: string[] = [];
            watch(context, complaints);
            await use(complaints);
            expect(complaints, 'the console stays empty').toEqual([]);
        },
        { auto: true },
    ],
});

export { expect };

export type Who = 'amina' | 'john' | 'grace' | 'peter' | 'samuel' | 'neema' | 'faith' | 'daniel' | 'zuhura';

/**
 * Sessions of this worker: who has signed in a moment ago comes back with the same cookies. Not later: what is sensitive asks for a proof of the
 * last five minutes, and a test is not to begin at the end of them.
 */
const sessions = new Map<Who, { cookies: Awaited<ReturnType<BrowserContext['cookies']>>; at: number }>();
export const FRESH = 90_000;

export async function signIn(page: Page, who: Who, path = '/') {
    const known = sessions.get(who);
    if (known && Date.now() - known.at < FRESH) {
        await page.context().addCookies(known.cookies);
        await page.goto(path);
        // Some spec may have ended the session meanwhile, or had it given another id.
        if (!new URL(page.url()).pathname.startsWith('/sign-in')) return;
    }
    await enter(page, who, path);
    sessions.set(who, { cookies: await page.context().cookies(), at: Date.now() });
}

/** By the form, with a session that nobody else has. */
export async function enter(page: Page, who: Who, path = '/') {
    const button = page.getByRole('button', { name: 'Sign in' });
    await expect(async () => {
        await page.goto(`/sign-in?next=${encodeURIComponent(path)}`);
        await page.getByLabel('E-mail or phone').fill(`${who}@demo.example`);
        await page.getByLabel('Password').fill(password());
        await button.click();
        // Both workers may bring the same person at the same moment, of whom one is asked to wait a second.
        await expect(button.or(page.getByText('Too many tries'))).toHaveCount(0);
    }).toPass({ intervals: [1500] });
}

export async function signInStaff(page: Page) {
    const button = page.getByRole('button', { name: 'Sign in' });
    await expect(async () => {
        await page.goto('/admin/sign-in');
        await page.getByLabel('E-mail').fill('admin@demo.example');
        await page.getByLabel('Password').fill(password());
        await button.click();
        await expect(button.or(page.getByText('Too many tries'))).toHaveCount(0);
    }).toPass({ intervals: [1500] });
}

/** A page that is loaded anew loses this mark, which waits until links of the list are the list's own. */
export async function mark(page: Page) {
    await expect(page.locator('html[data-swapping]')).toHaveCount(1);
    await page.evaluate(() => document.documentElement.setAttribute('data-marked', ''));
}

export const stayed = (page: Page) => expect(page.locator('html[data-marked]'), 'the page was not loaded anew').toHaveCount(1);

/** What the server answers at these addresses, with something else in it. */
export async function altered(page: Page, url: string | RegExp, change: (text: string) => string) {
    await page.route(url, async (route) => {
        const answer = await route.fetch();
        // It goes on neither packed nor as long as it was.
        const headers = Object.fromEntries(Object.entries(answer.headers()).filter(([name]) => !/^content-(encoding|length)$/.test(name)));
        await route.fulfill({ status: answer.status(), headers, body: change(await answer.text()) });
    });
}

/** WCAG 2.2 AA, as far as a machine can tell. Needs scripts, so the project without them leaves it to the others. */
export async function axe(page: Page) {
    // No frame of ours is of another origin, so that it needs no second page to put the findings together; and nobody reads what passed.
    const found = await new AxeBuilder({ page })
        .options({ resultTypes: ['violations'] })
        .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
        .setLegacyMode()
        .analyze();
    expect(
        found.violations.map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.target.join(' ')).join(' | ')}`),
        `accessibility of ${page.url()}`,
    ).toEqual([]);
}

/** A field of a form. By its role, since the star of a required one stands inside its label. */
export const field = (page: Page, name: string) => page.getByRole('textbox', { name, exact: true });

/** Lets a form go that the browser itself would hold back: what counts is the server's answer. Without scripts Playwright can still do this. */
export async function unchecked(page: Page) {
    await page.locator('main form').evaluateAll((forms: HTMLFormElement[]) => forms.forEach((form) => (form.noValidate = true)));
}

/** A file for an input, from text. */
export const csv = (text: string | Buffer, name = 'leads.csv') => ({ name, mimeType: 'text/csv', buffer: Buffer.from(text) });

/** Uploads a file of leads and answers on the mapping page. */
export async function upload(page: Page, workspace: string, file: { name: string; mimeType: string; buffer: Buffer } | string) {
    await page.goto(`/w/${workspace}/leads/import`);
    await page.getByLabel('File').setInputFiles(file);
    await page.getByRole('button', { name: 'Upload and map columns' }).click();
}
