// Every screen, wide and narrow, light and dark: accessible, without a horizontal scroll bar, and photographed when E2E_SCREENSHOTS is set.
import { type Page } from '@playwright/test';
import { axe, csv, expect, field, signIn, signInStaff, test, unchecked, upload } from './support';

const widths = [1440, 390];
const schemes = ['light', 'dark'] as const;

async function look(page: Page, name: string, path?: string) {
    for (const width of widths) {
        for (const colorScheme of schemes) {
            await page.setViewportSize({ width, height: 900 });
            await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
            if (path) await page.goto(path);
            await page.evaluate(() => document.fonts.ready);
            const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
            expect(wide, `${name} at ${width}: no horizontal scroll bar`).toBeLessThanOrEqual(0);
            await axe(page);
            if (process.env.E2E_SCREENSHOTS) {
                await page.screenshot({ path: `test-results/screens/${name}-${width}-${colorScheme}.png` });
            }
        }
    }
}

test.describe('every screen', () => {
    test.skip(({ javaScriptEnabled }) => javaScriptEnabled === false, 'the checker of accessibility is a script');
    test.beforeEach(async ({ page }, info) => {
        test.skip(info.project.name !== 'hydrated', 'sizes are set here, one project is enough');
        test.setTimeout(240_000);
        // From the start: a page that stops fading while it fades is an error to the browser.
        await page.emulateMedia({ reducedMotion: 'reduce' });
    });

    test('before signing in', async ({ page }) => {
        await look(page, 'sign-in', '/sign-in');
        await look(page, 'admin-sign-in', '/admin/sign-in');
        await look(page, 'not-found', '/nothing/here');
    });

    test('home, lists and search', async ({ page }) => {
        await signIn(page, 'amina', '/workspaces');
        await look(page, 'workspaces', '/workspaces');
        await look(page, 'home', '/w/lakeside');
        await look(page, 'list', '/w/lakeside/leads');
        await look(page, 'list-filtered', `/w/lakeside/leads?filter=${encodeURIComponent('status in (qualified, proposal) and owner = me')}&sort=-value`);
        await look(page, 'list-no-match', `/w/lakeside/leads?filter=${encodeURIComponent('name starts with "zzzz"')}`);
        await look(page, 'list-trash', '/w/lakeside/leads?trash=1');
        await look(page, 'list-fault', '/w/lakeside/leads?sort=vlaue');
        await look(page, 'board', '/w/lakeside/leads?view=board');
        await look(page, 'go', '/w/lakeside/go?q=a');
        await look(page, 'missing-record', '/w/lakeside/leads/0199a000-0000-7000-8000-000000000000');
    });

    test('records and forms', async ({ page }) => {
        await signIn(page, 'amina', '/w/lakeside/leads');
        const href = await page.getByRole('rowheader').first().getByRole('link').getAttribute('href');
        await look(page, 'record', href ?? '');
        await look(page, 'record-edit-field', `${href}?edit=city`);
        await look(page, 'record-convert', `${href}?convert=1`);
        await look(page, 'edit', `${href}/edit`);
        await look(page, 'new', '/w/lakeside/leads/new');
        await field(page, 'E-mail').fill('no-address');
        await unchecked(page);
        await page.getByRole('button', { name: /^(Save|Create)/ }).click();
        await look(page, 'new-refused');
    });

    test('settings and permissions', async ({ page }) => {
        await signIn(page, 'peter', '/w/lakeside/leads');
        await look(page, 'list-read-only', '/w/lakeside/leads');
        await look(page, 'forbidden', '/w/lakeside/leads/import');
        await look(page, 'settings', '/w/lakeside/settings');
        await look(page, 'sessions', '/w/lakeside/settings/sessions');
        await look(page, 'people', '/w/lakeside/settings/people');
    });

    test('the import', async ({ page }) => {
        await signIn(page, 'john', '/w/lakeside/leads');
        await look(page, 'import-upload', '/w/lakeside/leads/import');
        await upload(page, 'lakeside', csv('Name,E-mail,Stage\nScreen One,screen.one@example.com,New\nScreen Two,wrong.example.com,Perhaps\n'));
        await look(page, 'import-mapping');
        await page.getByRole('button', { name: 'Look at what would happen' }).click();
        await look(page, 'import-preview');
        await page.getByRole('button', { name: 'Import 1 lead' }).click();
        await expect(async () => {
            await page.goto(page.url());
            await expect(page.getByText('The import is done')).toBeVisible({ timeout: 1000 });
        }).toPass({ timeout: 30_000 });
        await look(page, 'import-done');
        await page.getByRole('link', { name: 'Undo this import' }).click();
        await look(page, 'import-undo');
    });

    test('the platform', async ({ page }) => {
        await signInStaff(page);
        await look(page, 'tenants', '/admin');
    });
});
