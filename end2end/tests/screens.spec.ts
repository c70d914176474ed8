// Every screen, wide and narrow, light and dark: accessible, and without a horizontal scroll bar. With E2E_SCREENSHOTS in all four ways, and
// photographed; else in two of them, which have both widths and both lights: half the time, and what differs by width or by light is seen.
import { type Page } from '@playwright/test';
import { screens } from './screens';
import { axe, expect, test } from './support';

type Way = { width: number; colorScheme: 'light' | 'dark' };

const LEANING: Way[] = [
    { width: 1440, colorScheme: 'light' },
    { width: 390, colorScheme: 'dark' },
];
const UPRIGHT: Way[] = [
    { width: 1440, colorScheme: 'dark' },
    { width: 390, colorScheme: 'light' },
];

/** Which of the two a screen is looked at is its name's: the same in every run. */
function ways(name: string): Way[] {
    if (process.env.E2E_SCREENSHOTS) return [...LEANING, ...UPRIGHT];
    const letters = [...name].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
    return letters % 2 === 0 ? LEANING : UPRIGHT;
}

async function look(page: Page, name: string, path?: string) {
    for (const { width, colorScheme } of ways(name)) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        await page.setViewportSize({ width, height: 900 });
        if (path) await page.goto(path);
        // Where the page stays, it is drawn in its new light first.
        await page.evaluate(async () => {
            await document.fonts.ready;
            for (let frame = 0; frame < 3; frame += 1) await new Promise(requestAnimationFrame);
        });
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        expect(wide, `${name} at ${width}: no horizontal scroll bar`).toBeLessThanOrEqual(0);
        // What others write meanwhile ("3 changes, show") moves a page while it is measured: then it is measured anew.
        await expect(async () => {
            await page.setViewportSize({ width, height: 900 });
            await whole(page, width);
            await axe(page);
        }).toPass({ timeout: 40_000, intervals: [100] });
        await page.setViewportSize({ width, height: 900 });
        if (process.env.E2E_SCREENSHOTS) {
            await page.screenshot({ path: `test-results/screens/${name}-${width}-${colorScheme}.png` });
        }
    }
}

/**
 * As high as the page and what scrolls in it: what lies half under a bar that stays, or is cut off by the edge of its table, counts as half as
 * large, wherever one happens to stand.
 */
async function whole(page: Page, width: number) {
    const high = await page.evaluate(() => {
        const hidden = [...document.querySelectorAll('*')]
            .filter((part) => /auto|scroll/.test(getComputedStyle(part).overflowY))
            .map((part) => part.scrollHeight - part.clientHeight);
        return document.documentElement.scrollHeight + Math.max(0, ...hidden);
    });
    await page.setViewportSize({ width, height: Math.max(900, high) });
}

test.describe('every screen', () => {
    // The longest spec of all: both workers walk.
    test.describe.configure({ mode: 'parallel' });
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
