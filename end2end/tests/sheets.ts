// Files of rows as a spec reads and writes them.
import { type Page } from '@playwright/test';
import { expect } from './support';

/** Rows of a CSV file with quoted line breaks, counted without a library. */
export function rows(text: string): string[][] {
    const out: string[][] = [];
    let row: string[] = [];
    let cell = '';
    let quoted = false;
    for (let at = 0; at < text.length; at += 1) {
        const letter = text[at];
        if (quoted) {
            if (letter === '"' && text[at + 1] === '"') {
                cell += '"';
                at += 1;
            } else if (letter === '"') quoted = false;
            else cell += letter;
        } else if (letter === '"') quoted = true;
        else if (letter === ',') {
            row.push(cell);
            cell = '';
        } else if (letter === '\n') {
            out.push([...row, cell.replace(/\r$/, '')]);
            row = [];
            cell = '';
        } else cell += letter;
    }
    return out;
}

/** The same the other way round, every cell in quotes. */
export const sheet = (table: string[][]) => table.map((row) => row.map((cell) => `"${cell.replace(/"/g, '""')}"`).join(',')).join('\n') + '\n';

/** A download without scripts is a request; the answer is the same. */
export async function fetched(page: Page, href: string | null) {
    const answer = await page.request.get(href ?? '');
    expect(answer.status()).toBe(200);
    return (await answer.text()).replace(/^\ufeff/, '');
}
