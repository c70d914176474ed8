// Every screen, wide and narrow, light and dark: accessible, without a horizontal scroll bar, and photographed when E2E_SCREENSHOTS is set.
import { type Page } from '@playwright/test';
import { screens } from './screens';
import { axe, expect, test } from './support';

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
            // As high as the page is: what lies half under a bar that stays counts as half as large, wherever one happens to stand.
            const high = await page.evaluate(() => document.documentElement.scrollHeight);
            await page.setViewportSize({ width, height: Math.max(900, high) });
            await axe(page);
            await page.setViewportSize({ width, height: 900 });
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
        test.setTimeout(420_000);
        // From the start: a page that stops fading while it fades is an error to the browser.
        await page.emulateMedia({ reducedMotion: 'reduce' });
    });

    for (const [area, walk] of Object.entries(screens)) {
        test(area, ({ page }) => walk(page, look));
    }
});
