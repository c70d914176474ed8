// The fields of the exercise pack (server/tests/packs/exercise), a row for each: what a person types, what pages and files show of it, and what is
// refused with which words. The spec walks every row through everything; a kind of field that is added gets a row here.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Locator } from '@playwright/test';
import { expect } from './support';

/** How the control of a field is handled. Several ticks go by their labels, an amount by its two halves, an address by its parts. */
type Hand = 'text' | 'select' | 'tick' | 'ticks' | 'parts' | 'file';
type Parts = Record<string, string>;

export interface Sample {
    /** What is typed; of a select what the choice says, of a file the name of one of `files`. */
    typed: string | string[] | boolean | Parts;
    /** What pages show of it, all of these. */
    shown: string[];
    /** What its control holds afterwards, where that is something else than what was typed. */
    held?: string | Parts;
}

export interface Case {
    key: string;
    label: string;
    hand: Hand;
    first: Sample;
    then: Sample;
    /** Refused, with a part of the message beside the field. `part` is where it is typed. */
    wrong?: { typed: string; says: string; part?: string };
    /** Its cell of a CSV file, and the heading where that is not the label. */
    cell: string;
    heading?: string;
    /** A condition that holds of `first` and of nothing else: comparison, and what is typed, chosen or ticked. */
    filter?: [string, string?];
    /** Edited in its place in a list; the others only on their page. */
    inCell?: boolean;
    /** What two records are asked about when both have it. */
    alone?: boolean;
}

const text = (typed: string, shown = typed, held?: string): Sample => ({ typed, shown: [shown], held });
const money = (amount: string, currency: string, shown: string, held: string): Sample => ({
    typed: { '.amount': amount, '.currency': currency },
    shown: [shown],
    held: { '.amount': held, '.currency': currency },
});
const address = (street: string): Sample => ({
    typed: { '.street': street, '.postcode': '00100', '.city': 'Nairobi', '.region': 'Nairobi County', '.country': 'KE' },
    shown: [`${street}, 00100 Nairobi, Nairobi County, KE`],
});
const several = (...typed: string[]): Sample => ({ typed, shown: typed });

export const cases: Case[] = [
    { key: 'name', label: 'Name', hand: 'text', first: text('Blue vase'), then: text('Red bowl'), cell: 'Blue vase', filter: ['starts with', 'Blue'] },
    {
        key: 'code',
        label: 'Code',
        hand: 'text',
        first: text('AB-123'),
        then: text('AB-125'),
        wrong: { typed: 'ab 1', says: 'does not fit; write it as two capital' },
        cell: 'AB-123',
        filter: ['=', 'AB-123'],
        inCell: true,
        alone: true,
    },
    { key: 'story', label: 'Story', hand: 'text', first: text('Thrown by hand.'), then: text('Cast in two halves.'), cell: 'Thrown by hand.' },
    {
        key: 'email',
        label: 'E-mail',
        hand: 'text',
        first: text('vase@example.com'),
        then: text('bowl@example.org'),
        wrong: { typed: 'nobody', says: 'it has no @' },
        cell: 'vase@example.com',
        filter: ['=', 'vase@example.com'],
        inCell: true,
        alone: true,
    },
    {
        key: 'phone',
        label: 'Phone',
        hand: 'text',
        first: text('+254 700 000111'),
        then: text('+49 30 5550222'),
        wrong: { typed: 'call me', says: 'is not a phone number' },
        cell: "'+254 700 000111",
        filter: ['=', '+254 700 000111'],
        inCell: true,
        alone: true,
    },
    {
        key: 'origin',
        label: 'Origin',
        hand: 'text',
        first: text('KE'),
        then: text('DE'),
        wrong: { typed: 'XX', says: 'is not a country code' },
        cell: 'KE',
        filter: ['=', 'KE'],
        inCell: true,
    },
    {
        key: 'copies',
        label: 'Copies',
        hand: 'text',
        first: text('1,250', '1,250', '1250'),
        then: text('40'),
        wrong: { typed: 'many', says: 'is not a whole number' },
        cell: '1250',
        filter: ['>=', '1000'],
        inCell: true,
    },
    {
        key: 'weight',
        label: 'Weight',
        hand: 'text',
        first: text('12.5', '12.500', '12.500'),
        then: text('2.25', '2.250', '2.250'),
        wrong: { typed: 'much', says: 'is not a number' },
        cell: '12.500',
        filter: ['>', '10'],
        inCell: true,
    },
    {
        key: 'price',
        label: 'Price',
        hand: 'parts',
        first: money('1250.5', 'KES', 'KES 1,250.50', '1250.50'),
        then: money('80', 'EUR', 'EUR 80', '80.00'),
        wrong: { typed: 'dear', says: 'is not an amount', part: '.amount' },
        cell: '1250.50',
        filter: ['>=', '1250 KES'],
        inCell: true,
    },
    {
        key: 'margin',
        label: 'Margin',
        hand: 'parts',
        first: money('-40.5', 'KES', 'KES -40.50', '-40.50'),
        then: money('5', 'KES', 'KES 5', '5.00'),
        wrong: { typed: 'slim', says: 'is not an amount', part: '.amount' },
        cell: '-40.50',
        filter: ['<', '1 KES'],
        inCell: true,
    },
    {
        key: 'share',
        label: 'Share',
        hand: 'text',
        first: text('12.5 %', '12.5%', '12.50'),
        then: text('40', '40%', '40.00'),
        wrong: { typed: 'most', says: 'is not a number' },
        cell: '12.50',
        filter: ['>=', '12'],
        inCell: true,
    },
    {
        key: 'labour',
        label: 'Labour',
        hand: 'text',
        first: text('1h 30m', '1 h 30 min', '1 h 30 min'),
        then: text('2:00', '2 h', '2 h'),
        wrong: { typed: 'a while', says: 'is not a length of time' },
        cell: '1 h 30 min',
        filter: ['=', '1h 30m'],
        inCell: true,
    },
    { key: 'fragile', label: 'Fragile', hand: 'tick', first: { typed: true, shown: ['Yes'] }, then: { typed: true, shown: ['Yes'] }, cell: 'Yes', filter: ['=', 'Yes'], inCell: true },
    {
        key: 'madeOn',
        label: 'Made on',
        hand: 'text',
        first: text('2024-03-10', '10 Mar'),
        then: text('2024-04-02', '2 Apr'),
        wrong: { typed: '2031-01-05', says: 'is in the future' },
        cell: '2024-03-10',
        filter: ['=', '2024-03-10'],
        inCell: true,
    },
    {
        key: 'shownAt',
        label: 'Shown at',
        hand: 'text',
        // Typed as the workspace's clock shows it, three hours ahead. A day that no near one is called after.
        first: text('2031-04-14T09:30', '14 Apr'),
        then: text('2031-05-20T02:30', '20 May'),
        cell: '2031-04-14T06:30:00Z',
        filter: ['>=', '2031-04-14'],
        inCell: true,
    },
    { key: 'colour', label: 'Colour', hand: 'select', first: text('Blue'), then: text('Red'), cell: 'Blue', filter: ['=', 'Blue'], inCell: true },
    { key: 'grade', label: 'Grade', hand: 'select', first: text('First'), then: text('Second'), cell: 'First', filter: ['=', 'First'], inCell: true },
    { key: 'tags', label: 'Tags', hand: 'ticks', first: several('Odd', 'Signed'), then: several('New'), cell: 'Odd, Signed', filter: ['=', 'Odd'] },
    {
        key: 'site',
        label: 'Site',
        hand: 'text',
        first: text('example.com/vase', 'example.com/vase', 'https://example.com/vase'),
        then: text('https://example.org/bowl', 'example.org/bowl'),
        wrong: { typed: 'ftp://example.com', says: 'it begins with http:// or https://' },
        cell: 'https://example.com/vase',
        filter: ['=', 'https://example.com/vase'],
        inCell: true,
    },
    {
        key: 'place',
        label: 'Place',
        hand: 'parts',
        first: address('Moi Avenue 4'),
        then: address('Uhuru Street 9'),
        wrong: { typed: 'XX', says: 'is not a country code', part: '.country' },
        cell: 'Moi Avenue 4',
        heading: 'Place street and number',
    },
    {
        key: 'spot',
        label: 'Spot',
        hand: 'text',
        first: text('-1.2921, 36.8219'),
        then: text('52.52, 13.405'),
        wrong: { typed: 'over there', says: 'is not a point' },
        cell: "'-1.2921, 36.8219",
        inCell: true,
    },
    { key: 'maker', label: 'Maker', hand: 'select', first: text('Lake Gallery'), then: text('Hill Museum'), cell: 'Lake Gallery', filter: ['=', 'Lake Gallery'], inCell: true },
    { key: 'helpers', label: 'Helpers', hand: 'ticks', first: several('Amina Otieno', 'Brian Kamau'), then: several('Cecilia Moraa'), cell: 'Amina Otieno', filter: ['=', 'Amina Otieno'] },
    { key: 'about', label: 'About', hand: 'select', first: text('Lake Gallery'), then: text('Hill Museum'), cell: 'Customer: Lake Gallery', filter: ['=', 'Lake Gallery'], inCell: true },
    { key: 'drawing', label: 'Drawing', hand: 'file', first: text('plan.pdf'), then: text('other.pdf'), cell: 'plan.pdf', filter: ['is not empty'] },
    { key: 'photo', label: 'Photo', hand: 'file', first: text('photo.png'), then: text('other.png'), cell: 'photo.png', filter: ['is not empty'] },
    { key: 'keeper', label: 'Keeper', hand: 'select', first: text('Grace Wanjiru'), then: text('Grace Wanjiru'), cell: 'Grace Wanjiru', filter: ['=', 'Grace Wanjiru'], inCell: true },
];

/** What the server makes of the first samples, and of one part: shown in lists and on the page, in no form. */
export const computed: { key: string; label: string; shown: string; filter?: [string, string] }[] = [
    { key: 'worth', label: 'Worth', shown: 'KES 1,563,125', filter: ['>', '1000 KES'] },
    { key: 'heavy', label: 'Heavy', shown: 'Yes', filter: ['=', 'Yes'] },
    { key: 'partCount', label: 'Parts', shown: '1' },
    { key: 'partCost', label: 'Cost of parts', shown: 'KES 10.50' },
    { key: 'firstPart', label: 'First part', shown: '3 Mar' },
    { key: 'longestPart', label: 'Longest part', shown: '1 h' },
];
export const part = { name: 'Body', cost: { amount: '10.50', currency: 'KES' }, boughtOn: '2024-03-03', hours: 3600 };

const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
const pdf = Buffer.from('%PDF-1.7\nexercise');
const files: Record<string, { mimeType: string; buffer: Buffer }> = {
    'plan.pdf': { mimeType: 'application/pdf', buffer: pdf },
    'other.pdf': { mimeType: 'application/pdf', buffer: pdf },
    'photo.png': { mimeType: 'image/png', buffer: png },
    'other.png': { mimeType: 'image/png', buffer: png },
    'words.txt': { mimeType: 'application/pdf', buffer: Buffer.from('just words') },
};

const described = readFileSync(join(__dirname, '../../server/tests/packs/exercise/entities/piece.toml'), 'utf8');

/** Fields that a person fills in and that have no row here: they would go through nothing. */
export function unwalked(): string[] {
    const fields = described.split('[[fields]]').slice(1).map((field) => field.split(/^\[(?:\[states|states|\[views)/m)[0]);
    const open = fields.filter((field) => !/^(readOnly = true|formula = |rollup = )/m.test(field));
    const keys = open.map((field) => /^key = "(\w+)"/m.exec(field)![1]);
    expect(keys.length, 'fields of a piece').toBeGreaterThan(20);
    return keys.filter((key) => !cases.some((row) => row.key === key));
}

/** The fields that the gate of a move asks for. */
export function required(move: string): Case[] {
    const transition = described.split('[[states.transitions]]').find((one) => one.includes(`name = "${move}"`)) ?? '';
    const keys = /requires = \[([^\]]*)\]/.exec(transition)?.[1].match(/\w+/g) ?? [];
    expect(keys.length, `fields that ${move} asks for`).toBeGreaterThan(1);
    return keys.map((key) => cases.find((row) => row.key === key)!);
}

const control = (form: Locator, row: Case, part = '') => form.locator(`[name="values.${row.key}${part}"]:not([type=hidden])`);

/** Gives a control what a person would. */
async function give(box: Locator, typed: string) {
    if ((await box.evaluate((node) => node.tagName)) === 'SELECT') {
        const choice = box.locator('option').filter({ hasText: typed }).first();
        await box.selectOption(await choice.getAttribute('value'));
    } else await box.fill(typed);
}

/** Types a sample into a form that has a control for the field. */
export async function put(form: Locator, row: Case, sample: Sample) {
    const { typed } = sample;
    if (row.hand === 'file') return form.locator(`[name="_file.${row.key}"]`).setInputFiles({ name: String(typed), ...files[String(typed)] });
    if (typeof typed === 'boolean') return control(form, row).setChecked(typed);
    if (typeof typed === 'string') return give(control(form, row), typed);
    if (!Array.isArray(typed)) {
        for (const [part, value] of Object.entries(typed)) await give(control(form, row, part), value);
        return;
    }
    const boxes = await control(form, row).all();
    expect(boxes.length, `ticks of ${row.label}`).toBeGreaterThan(0);
    for (const box of boxes) {
        const label = await box.locator('xpath=..').innerText();
        await box.setChecked(typed.some((word) => label.startsWith(word)));
    }
}

/** A form holds the sample: as it was typed, or as it is kept. */
export async function holds(form: Locator, row: Case, sample: Sample, kept: boolean) {
    const { typed, shown } = sample;
    const held = kept ? (sample.held ?? typed) : typed;
    if (row.hand === 'file') return expect(form.getByText(`There is ${shown[0]}`), row.label).toHaveCount(1);
    if (typeof held === 'boolean') return expect(control(form, row), row.label).toBeChecked({ checked: held });
    if (row.hand === 'select') return expect(control(form, row).locator('option:checked'), row.label).toContainText(String(held));
    if (typeof held === 'string') return expect(control(form, row), row.label).toHaveValue(held);
    if (!Array.isArray(held)) {
        for (const [part, value] of Object.entries(held)) await expect(control(form, row, part), `${row.label} ${part}`).toHaveValue(value);
        return;
    }
    const ticked = form.locator(`.choice:has([name="values.${row.key}"]:checked)`);
    await expect(ticked, row.label).toHaveCount(held.length);
    for (const word of held) await expect(ticked.filter({ hasText: word }), row.label).toHaveCount(1);
}

/** A place of a page shows the sample; of a picture, by what it is called. */
export async function says(place: Locator, row: Case, sample: Sample) {
    if (row.key === 'photo') return expect(place.getByAltText(`${row.label}: ${sample.shown[0]}`), row.label).toHaveCount(1);
    for (const words of sample.shown) await expect(place, row.label).toContainText(words);
}
