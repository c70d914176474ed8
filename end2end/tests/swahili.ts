// What a screen says in Swahili for an English text: from the catalogues themselves, so that a spec names what it means and a better word breaks none.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '../..');
const folder = join(root, 'app/crates/words/languages/sw');
const files = [
    ...readdirSync(folder).map((name) => join(folder, name)),
    ...['_core', 'automotive'].map((pack) => join(root, 'server/packs', pack, 'sw.po')),
];

const entries = new Map<string, string[]>();
for (const file of files) {
    for (const block of readFileSync(file, 'utf8').split(/\n\s*\n/)) {
        const value = (key: string) => {
            const line = new RegExp(`^${key} (".*")$`, 'm').exec(block);
            return line ? (JSON.parse(line[1]) as string) : undefined;
        };
        const id = value('msgid');
        const texts = [value('msgstr') ?? value('msgstr\\[0\\]'), value('msgstr\\[1\\]')].filter((text) => text !== undefined);
        const context = value('msgctxt');
        if (id && texts.length) entries.set(context ? `${context}\u0004${id}` : id, texts as string[]);
    }
}

/** The text for an English one, with its places filled; `context` where the English means two things. */
export function said(english: string, places: Record<string, string | number> = {}, context?: string): string {
    const texts = entries.get(context ? `${context}\u0004${english}` : english);
    if (!texts) throw new Error(`no catalogue has ${context ?? ''} "${english}"`);
    const text = texts.length > 1 && places.count !== 1 ? texts[1] : texts[0];
    return text.replace(/\{(\w+)\}/g, (place, name: string) => String(places[name] ?? place));
}
