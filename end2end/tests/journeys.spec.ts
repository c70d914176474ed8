// Five journeys of the daily round, each by what somebody has: the keyboard alone, in the dark, with scripts and without; and a finger on a phone.
import { type Locator, type Page } from '@playwright/test';
import { Sender } from './forms';
import { axe, expect, field, signIn, test } from './support';

/** More stops of the Tab key than any page here should want from its content to anything on it. */
const MOST_STOPS = 60;

/** How somebody gets at things. */
interface Hand {
    press: (target: Locator) => Promise<void>;
    /** Leaves nothing of what stood there. */
    type: (target: Locator, text: string) => Promise<void>;
}

/** Nothing is focused but by Tab, and a stop that is not to be seen is none. */
function keyboard(page: Page): Hand {
    const reach = async (target: Locator) => {
        await expect(target).toBeVisible();
        for (let stops = 0; stops <= MOST_STOPS; stops += 1) {
            if (await target.evaluate((element) => element === document.activeElement)) {
                const { outline, shadow } = await target.evaluate((element) => {
                    const { outlineStyle, boxShadow } = getComputedStyle(element);
                    return { outline: outlineStyle, shadow: boxShadow };
                });
                expect(outline !== 'none' || shadow !== 'none', 'the focus is to be seen').toBe(true);
                return;
            }
            await page.keyboard.press('Tab');
        }
        throw new Error(`${MOST_STOPS} stops of the Tab key did not lead to ${target}`);
    };
    return {
        press: async (target) => {
            await reach(target);
            // A link follows Enter alone, a button and what opens a menu both.
            await page.keyboard.press('Enter');
        },
        type: async (target, text) => {
            await reach(target);
            await page.keyboard.press('Control+a');
            await page.keyboard.type(text);
        },
    };
}

const finger: Hand = {
    press: (target) => target.tap(),
    type: async (target, text) => {
        await target.tap();
        await target.fill(text);
    },
};

interface Scene {
    page: Page;
    own: Sender;
    hand: Hand;
    /** Opens a page, and goes past what stands before its content, unless that is what is wanted. */
    open: (path: string, skip?: boolean) => Promise<void>;
    /** No other spec has it. */
    word: (what: string) => string;
}

const lead = (own: Sender, name: string, more: object = {}) => own.make('/leads', { name, ...more });

const journeys: Record<string, (scene: Scene) => Promise<void>> = {
    'a lead is changed': async ({ page, own, hand, open, word }) => {
        const { id, name } = await lead(own, word('Changed'));
        await open(`/leads?filter=${encodeURIComponent(`name = "${name}"`)}`);
        await hand.press(page.getByRole('main').getByRole('link', { name, exact: true }));
        await expect(page.getByRole('heading', { name, exact: true })).toBeVisible();
        await hand.press(page.getByRole('link', { name: 'Edit', exact: true }));
        await hand.type(field(page, 'City'), 'Thika');
        await hand.press(page.getByRole('button', { name: 'Save lead' }));
        await expect(page.getByRole('definition').filter({ hasText: 'Thika' })).toBeVisible();
        expect((await own.api(`/leads/${id}`)).city).toBe('Thika');
    },

    'a lead is written down': async ({ page, hand, open, word }) => {
        const name = word('Walked in');
        // In the bar at the top.
        await open('/leads', false);
        await hand.press(page.getByRole('link', { name: 'New lead' }).first());
        await hand.type(field(page, 'Name'), name);
        await hand.type(field(page, 'City'), 'Nakuru');
        await hand.press(page.getByRole('button', { name: 'Create lead' }));
        await expect(page.getByRole('heading', { name, exact: true })).toBeVisible();
    },

    'a note is written': async ({ page, own, hand, open, word }) => {
        const { id } = await lead(own, word('Noted'));
        await open(`/leads/${id}`);
        await hand.press(page.getByRole('navigation', { name: 'Write down' }).getByRole('link', { name: 'Note' }));
        await hand.type(page.getByRole('textbox', { name: 'Note', exact: true }), 'Asks for a discount');
        await hand.press(page.getByRole('button', { name: 'Save note' }));
        await expect(page.locator('.note-body', { hasText: 'Asks for a discount' })).toBeVisible();
        expect(await own.run('notes.list', { entity: 'lead', record: id })).toHaveLength(1);
    },

    'a lead becomes a customer': async ({ page, own, hand, open, word }) => {
        const company = word('Duka');
        const { id } = await lead(own, word('Convinced'), { company });
        await open(`/leads/${id}`);
        await hand.press(page.getByRole('link', { name: 'Convert', exact: true }));
        await hand.press(page.getByRole('button', { name: 'Convert lead' }));
        await expect(page.getByRole('definition').locator('a[href*="/customers/"]', { hasText: company })).toBeVisible();
        expect((await own.api(`/leads/${id}`)).status).toBe('won');
    },

    'a card is moved by its menu': async ({ page, own, hand, open, word }) => {
        const { id, name } = await lead(own, word('Moved'));
        await open(`/leads?view=board&filter=${encodeURIComponent(`name = "${name}"`)}`);
        const card = page.getByRole('listitem').filter({ has: page.getByRole('link', { name, exact: true }) });
        await hand.press(card.locator('summary'));
        await hand.press(card.getByRole('button', { name: 'Contacted' }));
        await expect(page.locator('[data-column]').filter({ hasText: 'Contacted' }).getByRole('link', { name, exact: true })).toBeVisible();
        await expect.poll(async () => (await own.api(`/leads/${id}`)).status).toBe('contacted');
    },
};

let names = 0;

for (const [title, walk] of Object.entries(journeys)) {
    test(title, async ({ page }, info) => {
        const touch = info.project.name === 'phone';
        if (!touch) await page.emulateMedia({ colorScheme: 'dark' });
        await signIn(page, 'john', '/w/lakeside/settings');
        const own = new Sender(page.request, page);
        const hand = touch ? finger : keyboard(page);
        const open = async (path: string, skip = true) => {
            await page.goto(own.at(path));
            if (touch || !skip) return;
            await page.keyboard.press('Tab');
            await expect(page.getByRole('link', { name: 'Skip to content' })).toBeFocused();
            await page.keyboard.press('Enter');
        };
        const word = (what: string) => `${what} ${info.project.name} ${Date.now().toString(36)}${(names += 1)}`;
        await walk({ page, own, hand, open, word });
        if (info.project.name !== 'no-js') await axe(page);
    });
}
