// What a task costs: every click, key, run of typing and drag is counted, and the seconds from the first of them to the result.
import { type Locator, type Page } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from './support';

const KINDS = ['clicks', 'keys', 'typed', 'drags'] as const;
export type Count = Record<(typeof KINDS)[number], number>;

/** A row of the table in docs/tasks.md. */
export interface Promised {
    task: string;
    count: Count;
    actions: number;
    reason: string;
}

export const sum = (count: Count) => KINDS.reduce((all, kind) => all + count[kind], 0);

/** The table, by the key in the first column of each row. */
export function promised(): Map<string, Promised> {
    const lines = readFileSync(join(__dirname, '../../docs/tasks.md'), 'utf8').split('\n');
    const cells = (line: string) => line.split('|').slice(1, -1).map((cell) => cell.trim());
    const rows = lines.filter((line) => line.startsWith('| `')).map(cells);
    return new Map(
        rows.map(([key, task, , clicks, keys, typed, drags, actions, reason]) => {
            const count = { clicks: Number(clicks), keys: Number(keys), typed: Number(typed), drags: Number(drags) };
            return [key.replace(/`/g, ''), { task, count, actions: Number(actions), reason }];
        }),
    );
}

/** A page under the hands of one person. */
export class Actions {
    readonly count: Count = { clicks: 0, keys: 0, typed: 0, drags: 0 };
    private began = 0;
    private ended = 0;

    constructor(readonly page: Page) {}

    private add(kind: keyof Count, times = 1) {
        this.began ||= performance.now();
        this.count[kind] += times;
    }

    async click(what: Locator) {
        this.add('clicks');
        await what.click();
    }

    /** Two clicks, as the finger counts them. */
    async doubleClick(what: Locator) {
        this.add('clicks', 2);
        await what.dblclick();
    }

    /** A choice of a select: one click opens it, another one chooses. */
    async choose(what: Locator, label: string) {
        this.add('clicks', 2);
        await what.selectOption({ label });
    }

    async key(key: string) {
        this.add('keys');
        await this.page.keyboard.press(key);
    }

    /** A run of typing. Only where the focus is: getting there is an action of its own. */
    async type(into: Locator, text: string) {
        await expect(into).toBeFocused();
        this.add('typed');
        // How a browser wants a day typed depends on its language, so a day is put in as a whole.
        if ((await into.getAttribute('type')) === 'date') await into.fill(text);
        else await this.page.keyboard.type(text);
    }

    async drag(what: Locator, to: Locator) {
        const place = (await to.boundingBox())!;
        await what.hover();
        this.add('drags');
        await this.page.mouse.down();
        await this.page.mouse.move(place.x + place.width / 2, place.y + place.height / 2, { steps: 8 });
        await this.page.mouse.up();
    }

    /** A file from the desktop, dropped onto its input. */
    async drop(onto: Locator, file: { name: string; mimeType: string; buffer: Buffer }) {
        this.add('drags');
        await onto.setInputFiles(file);
    }

    /** What one wanted to see is there. What is looked at afterwards costs nothing. */
    done() {
        this.ended = performance.now();
    }

    seconds(): number {
        expect(this.began, 'something was done').toBeGreaterThan(0);
        expect(this.ended, 'and its result was seen').toBeGreaterThan(this.began);
        return (this.ended - this.began) / 1000;
    }
}

/** Keys and gestures are heard: what is pressed before that would be lost, and the palette is the first to hear. */
export async function listening(page: Page) {
    const palette = page.getByRole('combobox', { name: 'Search records, pages and actions' });
    await expect(async () => {
        if (!(await palette.isVisible())) await page.keyboard.press('Control+k');
        await expect(palette).toBeFocused({ timeout: 1000 });
    }).toPass();
    await page.keyboard.press('Escape');
    await expect(palette).toBeHidden();
}
