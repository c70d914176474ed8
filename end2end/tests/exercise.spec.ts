// A pack with a field of every kind and every feature of stages (server/tests/packs/exercise), through everything that pages do with a described entity:
// form, list, filters, edits in place, board, gates, calendar, files out and in, search, merge, trash, versions and the past. One journey of several
// steps, with scripts and without, each in a workspace of its own; server/tests/it/exercise.rs holds the same over HTTP.
import { type Browser, type BrowserContext, type Locator, type Page } from '@playwright/test';
import { cases, computed, holds, part, put, required, says, unwalked, type Case } from './exercise.cases';
import { Sender } from './forms';
import { newcomer, press } from './people';
import { fetched, rows, sheet } from './sheets';
import { axe, csv, expect, mark, signIn, stayed, test, unchecked, watch } from './support';

test.describe.configure({ mode: 'serial', timeout: 120_000 });
test.beforeEach(({}, info) => {
    test.skip(info.project.name === 'phone', 'the pack is walked at a desk');
});

const scripts = (info: { project: { name: string } }) => info.project.name === 'hydrated';

/** What the first step makes and the others go on with. */
let slug = '';
const at = (path: string) => `/w/${slug}${path}`;
const id = { vase: '', bowl: '', walker: '', copy: '' };
/** Before anything of the vase was changed. */
let moment = '';
/** Who was invited: their member, and what their browser keeps. */
const people = {} as Record<'inspector' | 'manager', { member: string; storageState: Awaited<ReturnType<BrowserContext['storageState']>> }>;

async function invited(browser: Browser, boss: Sender, role: string) {
    const { own, member } = await newcomer(browser, boss, [role]);
    return { member, storageState: await own.request.storageState() };
}

/** Grace at her desk, who owns the workspace. */
async function grace(page: Page, path: string): Promise<Sender> {
    await signIn(page, 'grace', at(path));
    return new Sender(page.request, page, slug);
}

/** Somebody who was invited, at a page of their own. */
async function desk(browser: Browser, who: keyof typeof people, path: string, javaScriptEnabled: boolean, complaints: string[]): Promise<Page> {
    const context = await browser.newContext({ javaScriptEnabled, storageState: people[who].storageState });
    watch(context, complaints);
    const page = await context.newPage();
    await page.goto(at(path));
    return page;
}

const record = (of: keyof typeof id, more = '') => at(`/pieces/${id[of]}${more}`);
const list = (filter: string, columns: string[], more = '') =>
    at(`/pieces?view=all&filter=${encodeURIComponent(filter)}&columns=${['name', ...columns].join(',')}${more}`);
const line = (page: Page, of: keyof typeof id) => page.locator(`tbody tr[data-id="${id[of]}"]`);
const about = (page: Page, key: string) => page.locator(`.about [data-field="${key}"]`);
const moves = (page: Page) => page.locator('details.menu').filter({ has: page.locator('summary').getByText('Move to', { exact: true }) });
const state = (page: Page) => page.locator('.record-head .chip-state');

/** One field as a form in its place on the page of its record. */
async function edited(page: Page, of: keyof typeof id, row: Case) {
    await page.goto(record(of, `?edit=${row.key}`));
    const form = page.locator('form[data-form=inline]');
    await put(form, row, row.then);
    await form.getByRole('button', { name: 'Save', exact: true }).click();
    await expect(form).toHaveCount(0);
    await says(about(page, row.key), row, row.then);
}

test('a workspace of the exercise industry is made, with its people', async ({ page, browser }, info) => {
    expect(unwalked(), 'every field that a person fills in has a row in exercise.cases.ts').toEqual([]);
    await signIn(page, 'grace', '/workspaces');
    slug = `exhibit-${info.project.name}-${Date.now().toString(36)}`;
    const form = page.locator('form[action="/workspaces/new"]');
    await expect(async () => {
        // So many workspaces a minute are made from one address, and other specs make some too.
        await page.goto('/workspaces/new');
        await form.locator('[name=workspace]').fill('Exhibit');
        await form.locator('[name=slug]').fill(slug);
        await form.locator('[name=industry]').selectOption('exercise');
        await form.locator('[name=currency]').selectOption('KES');
        await form.locator('[name=timezone]').selectOption('Africa/Nairobi');
        await form.getByRole('button', { name: 'Create the workspace' }).click();
        await expect(page).toHaveURL(new RegExp(`/w/${slug}`), { timeout: 5000 });
    }).toPass({ intervals: [5000, 10_000, 20_000] });
    const own = new Sender(page.request, page, slug);
    people.inspector = await invited(browser, own, 'INSPECTOR');
    people.manager = await invited(browser, own, 'MANAGER');
    for (const name of ['Lake Gallery', 'Hill Museum']) await own.make('/customers', { name });
    for (const name of ['Amina Otieno', 'Brian Kamau', 'Cecilia Moraa']) await own.make('/contacts', { name });
    await page.goto(at('/pieces'));
    await expect(page.getByText('No pieces yet')).toBeVisible();
});

test('every field is refused in its own words, nothing that was typed is lost, and then it is made', async ({ page }, info) => {
    const own = await grace(page, '/pieces/new');
    const form = page.locator('form[data-form=new]');
    const create = form.getByRole('button', { name: 'Create piece' });
    const inTheForm = cases.filter(({ hand }) => hand !== 'file');
    for (const row of inTheForm) await put(form, row, row.first);
    const wrong = cases.flatMap((row) => (row.wrong ? [{ part: '', ...row, ...row.wrong }] : []));
    for (const { key, part, typed } of wrong) await form.locator(`[name="values.${key}${part}"]`).fill(typed);
    await unchecked(page);
    await create.click();
    await expect(page.getByRole('alert').getByText('The piece was not saved')).toBeVisible();
    for (const { key, label, part, typed, says } of wrong) {
        // The message hangs on the first control of the field, and the one above the form leads there.
        const first = key === 'place' ? '.street' : part;
        await expect(page.locator(`[id="values.${key}${first}-error"]`), label).toContainText(says);
        await expect(page.getByRole('alert').locator(`a[href="#values.${key}${first}"]`), label).toContainText(`${label}: `);
        await expect(form.locator(`[name="values.${key}${part}"]`), label).toHaveValue(typed);
    }
    for (const row of inTheForm.filter((row) => !row.wrong)) await holds(form, row, row.first, false);
    if (scripts(info)) await axe(page);
    expect(await own.api('/pieces')).toEqual([]);

    // Mended, with a file of the wrong kind: the other file is kept meanwhile.
    for (const row of inTheForm) await put(form, row, row.first);
    const [drawing, photo] = ['drawing', 'photo'].map((key) => cases.find((row) => row.key === key)!);
    await put(form, drawing, { typed: 'words.txt', shown: [] });
    await put(form, photo, photo.first);
    await unchecked(page);
    await create.click();
    await expect(page.locator('[id="values.drawing-error"]')).toContainText('The file is plain text');
    for (const row of inTheForm) await holds(form, row, row.first, false);
    await holds(form, photo, photo.first, false);
    await put(form, drawing, drawing.first);
    await create.click();
    await expect(page.getByRole('heading', { name: 'Blue vase', exact: true })).toBeVisible();
    id.vase = new URL(page.url()).pathname.split('/').pop()!;

    // Its page, and its form again.
    await own.make('/parts', { ...part, piece: id.vase });
    await page.goto(record('vase'));
    for (const row of cases) await says(about(page, row.key), row, row.first);
    for (const { key, label, shown } of computed) await expect(about(page, key), label).toContainText(shown);
    await expect(state(page)).toHaveText('Drafted');
    if (scripts(info)) await axe(page);
    await page.goto(record('vase', '/edit'));
    for (const row of cases) await holds(page.locator('form[data-form=edit]'), row, row.first, true);
    moment = new Date().toISOString();
    ({ id: id.bowl } = await own.make('/pieces', { name: 'Red bowl', code: 'AB-124' }));
});

test('a list shows it in every column, and every condition finds it', async ({ page }) => {
    await grace(page, '/pieces');
    const columns = [...cases, ...computed].map(({ key }) => key).filter((key) => key !== 'name');
    await page.goto(list('code = AB-123', columns));
    await expect(page.locator('tbody tr[data-id]')).toHaveCount(1);
    for (const row of cases) await says(line(page, 'vase').locator(`[data-field="${row.key}"]`), row, row.first);
    for (const { key, label, shown } of computed) await expect(line(page, 'vase').locator(`[data-field="${key}"]`), label).toContainText(shown);
    for (const { key, label, filter } of [...cases, ...computed]) {
        if (!filter) continue;
        const [comparison, value] = filter;
        await page.goto(at(`/pieces?view=all&add.field=${key}`));
        const form = page.locator('form.filter-line');
        await form.getByLabel('Comparison').selectOption(comparison);
        if (value) await ask(form, value);
        await form.getByRole('button', { name: 'Add filter' }).click();
        await expect(page.getByRole('link', { name: `Remove the filter ${label}`, exact: true }), label).toBeVisible();
        await expect(line(page, 'vase'), label).toHaveCount(1);
        await expect(line(page, 'bowl'), label).toHaveCount(0);
    }
    // What cannot be read is said, and the condition stays to be mended.
    await page.goto(at('/pieces?view=all&add.field=labour'));
    const form = page.locator('form.filter-line');
    await ask(form, 'a while');
    await form.getByRole('button', { name: 'Add filter' }).click();
    await expect(form.getByText('is not a length of time')).toBeVisible();
    await expect(form.locator('[name="add.value"]')).toHaveValue('a while');
});

/** Fills the value of a condition in: ticks a choice, chooses one, or types. */
async function ask(form: Locator, value: string) {
    const select = form.locator('select[name="add.value"]');
    const boxes = form.locator('.filter-boxes');
    if (await boxes.count()) await boxes.getByLabel(value, { exact: true }).check();
    else if (await select.count()) {
        const choice = select.locator('option').filter({ hasText: value }).first();
        await select.selectOption(await choice.getAttribute('value'));
    } else await form.locator('[name="add.value"]').fill(value);
}

test('every value is edited in its place', async ({ page }, info) => {
    const own = await grace(page, '/pieces');
    const inCells = scripts(info) ? cases.filter((row) => row.inCell) : [];
    for (let from = 0; from < inCells.length; from += 5) {
        const some = inCells.slice(from, from + 5);
        await page.goto(list('name = "Red bowl"', some.map(({ key }) => key)));
        await mark(page);
        for (const row of some) {
            const cell = line(page, 'bowl').locator(`[data-field="${row.key}"]`);
            await cell.dblclick();
            const form = page.locator('form.inline-edit');
            await expect(form, row.label).toBeVisible();
            // A choice and a tick are saved by themselves; what is typed, by Enter.
            if (row.hand === 'tick') await form.locator('input[type=checkbox]').click();
            else await put(form, row, row.then);
            if (row.hand === 'text') await form.locator(`[name="values.${row.key}"]`).press('Enter');
            if (row.hand === 'parts') await form.locator(`[name="values.${row.key}.amount"]`).press('Enter');
            await expect(form, row.label).toHaveCount(0);
            await says(cell, row, row.then);
        }
        await stayed(page);
    }
    if (scripts(info)) {
        // What has no room in a cell says where it is edited.
        await page.goto(list('name = "Red bowl"', ['place']));
        await mark(page);
        await line(page, 'bowl').locator('[data-field="place"]').dblclick();
        await expect(page.locator('#toasts').getByText('Place is not edited here')).toBeVisible();
    }
    for (const row of cases.filter((row) => !inCells.includes(row))) await edited(page, 'bowl', row);
    await page.goto(record('bowl'));
    for (const row of cases) await says(about(page, row.key), row, row.then);
    // A wrong value is said beside the control, and the old one stays.
    await page.goto(record('bowl', '?edit=share'));
    const form = page.locator('form[data-form=inline]');
    await form.locator('[name="values.share"]').fill('most');
    await form.getByRole('button', { name: 'Save', exact: true }).click();
    await expect(form.locator('[id="values.share-error"]')).toContainText('is not a number');
    await expect(form.locator('[name="values.share"]')).toHaveValue('most');
    expect((await own.api(`/pieces/${id.bowl}`)).share).toBe('40.00');
});

test('it goes through its stages, and a gate says what it lacks', async ({ page, browser, complaints }, info) => {
    const own = await grace(page, '/pieces');
    ({ id: id.walker } = await own.make('/pieces', { name: 'Walker' }));
    const board = at(`/pieces?view=stages&filter=${encodeURIComponent('name = Walker')}`);
    const card = (column: string) => page.locator(`[data-column="${column}"] [data-id="${id.walker}"]`);
    const choice = (column: string, to: string) => card(column).locator('.menu-item').filter({ hasText: to });

    // Closed by the checklist, which is named and ticked.
    await page.goto(board);
    await expect(choice('drafted', 'Checked')).toContainText('Open on the checklist: Sizes taken, Photo taken');
    await page.goto(record('walker'));
    for (const [before, item] of ['Sizes taken', 'Photo taken'].entries()) {
        await page.getByRole('checkbox', { name: item }).click();
        await expect(page.getByText(`Drafted: ${before + 1} of 2 done`)).toBeVisible();
    }

    // Then it asks for its fields, and for an owner of the role that the stage belongs to.
    await page.goto(board);
    await expect(card('drafted').getByText('2 of 2 done')).toBeVisible();
    const asked = required('check');
    await expect(choice('drafted', 'Checked')).toContainText(`Asks for ${asked.map(({ label }) => label).join(', ')} and Owner`);
    await page.goto((await choice('drafted', 'Checked').getAttribute('href'))!);
    await expect(page.getByText('There it belongs to somebody with the role Inspector')).toBeVisible();
    const form = page.locator('main form.form');
    await put(form, asked[0], asked[0].then);
    await unchecked(page);
    await press(page, 'Check');
    await expect(page.getByRole('alert').filter({ hasText: 'It was not moved' })).toContainText(`needs ${asked[1].label}`);
    await holds(form, asked[0], asked[0].then, false);
    for (const row of asked) await put(form, row, row.then);
    const owner = form.locator('[name="values.owner"]');
    await expect(owner.locator('option[value]:not([value=""])'), 'nobody else has the role').toHaveCount(1);
    await owner.selectOption(people.inspector.member);
    await press(page, 'Check');
    await expect(card('checked')).toBeVisible();

    // A role that the owner of the workspace does not have, and somebody who has it.
    await page.goto(record('walker'));
    await expect(moves(page)).toContainText('Needs the role Inspector');
    const inspector = await desk(browser, 'inspector', `/pieces/${id.walker}`, scripts(info), complaints);
    await inspector.getByRole('checkbox', { name: 'Glaze is sound' }).click();
    await expect(inspector.getByText('Checked: 1 of 1 done')).toBeVisible();
    await press(inspector, 'Offer');
    await expect(state(inspector)).toHaveText('Offered');

    // A picture first, then the word of a manager, which takes the move.
    await edited(page, 'walker', cases.find((row) => row.key === 'photo')!);
    await press(page, 'Sell');
    await expect(page.getByText(/needs an approval/).first()).toBeVisible();
    await expect(state(page)).toHaveText('Offered');
    const manager = await desk(browser, 'manager', '/approvals', scripts(info), complaints);
    const waiting = manager.getByRole('row').filter({ hasText: 'Walker' });
    await waiting.getByRole('button', { name: 'Approve' }).click();
    await expect(waiting).toHaveCount(0);
    await page.goto(record('walker'));
    await expect(state(page)).toHaveText('Sold');

    // There it is looked at only, and what is left is done by an action of its own.
    await expect(page.locator('[title="It is Sold: it can no longer be changed"]').first()).toBeVisible();
    await expect(moves(page)).toContainText('Only by the action “deliver”');
});

test('a board of choices moves it, and it stands on its day', async ({ page }, info) => {
    const own = await grace(page, '/pieces');
    const filter = encodeURIComponent('code = AB-123');
    for (const [from, to] of [['blue', 'Red'], ['red', 'Blue']]) {
        await page.goto(at(`/pieces?view=colours&filter=${filter}`));
        const card = page.locator(`[data-column="${from}"] [data-id="${id.vase}"]`);
        await card.locator('summary').click();
        // Red takes one, and there is another piece that the filter leaves out: it says that it is full, and lets it come.
        await card.getByRole('button', { name: to === 'Red' ? 'Red Full: 1 of 1' : to, exact: true }).click();
        await expect(page.locator(`[data-column="${to.toLowerCase()}"] [data-id="${id.vase}"]`)).toBeVisible();
        await expect.poll(async () => (await own.api(`/pieces/${id.vase}`)).colour).toBe(to.toLowerCase());
    }
    for (const [date, day] of [['shownAt', '2031-04-14'], ['madeOn', '2024-03-10']]) {
        for (const scale of ['month', 'week', 'day']) {
            await page.goto(at(`/pieces?view=calendar&filter=${filter}&date=${date}&end=&scale=${scale}&on=${day}`));
            await expect(page.locator(`[data-column="${day}"]`).getByRole('link', { name: 'Blue vase', exact: true }), `${date} by ${scale}`).toBeVisible();
        }
    }
    await page.goto(at(`/pieces?view=timeline&filter=${filter}&on=2024-03-10`));
    await expect(page.getByRole('table').getByRole('link', { name: 'Blue vase', exact: true }).first()).toBeVisible();
    // What is begun on the board of one of two ways goes that way, by a letter as well.
    if (scripts(info)) {
        await page.goto(at('/loans?view=steps&pipeline=selling'));
        await mark(page);
        await page.keyboard.press('c');
        await expect(page).toHaveURL(/\/loans\/new\?pipeline=selling$/);
    }
});

test('it goes out as a file and comes in again, previewed, run and undone', async ({ page }) => {
    const own = await grace(page, '/pieces');
    await page.goto(list('code is not empty', cases.map(({ key }) => key).filter((key) => key !== 'name')));
    const table = rows(await fetched(page, await page.getByRole('link', { name: /^CSV/, includeHidden: true }).getAttribute('href')));
    expect(table).toHaveLength(3);
    const [header] = table;
    const column = (heading: string) => header.indexOf(heading);
    const [vase, bowl] = ['AB-123', 'AB-125'].map((code) => table.find((row) => row[column('Code')] === code)!);
    for (const { label, heading = label, cell } of cases) {
        expect(column(heading), `a column ${heading}`).toBeGreaterThanOrEqual(0);
        // Several are in no order that a person has made.
        expect(vase[column(heading)], heading).toContain(cell);
    }

    // One as it is, one changed, one new, one that is refused.
    const blank = header.map(() => '');
    const set = (row: string[], values: Record<string, string>) => row.map((cell, place) => values[header[place]] ?? cell);
    const file = sheet([
        header,
        vase,
        set(bowl, { Story: 'Told by a file.' }),
        set(blank, { Name: 'Imported', Code: 'AB-200' }),
        set(blank, { Name: 'Refused', Code: 'ab 1' }),
    ]);
    await page.goto(at('/pieces/import'));
    await page.getByLabel('File').setInputFiles(csv(file, 'pieces.csv'));
    await press(page, 'Upload and map columns');
    await page.getByLabel('Recognise existing pieces by').selectOption({ label: 'Code' });
    await page.getByLabel('Give it the values of the file').check();
    await press(page, 'Look at what would happen');
    await expect(page.getByRole('table', { name: 'What would be refused' })).toContainText('does not fit; write it as two capital');
    const tile = (label: string) => page.locator('main').getByText(label, { exact: true }).locator('..');
    for (const label of ['Would be created', 'Would be updated', 'Would be refused']) await expect(tile(label), label).toContainText('1');
    expect((await own.api(`/pieces/${id.bowl}`)).story, 'nothing is written yet').toBe('Cast in two halves.');
    const start = page.getByRole('button', { name: 'Import and update 2 pieces' });
    await start.click();
    await expect(start).toHaveCount(0);
    const here = page.url().split('?')[0];
    await until(page, here, 'The import is done');
    for (const label of ['Created', 'Updated', 'Left as they were', 'Refused']) await expect(tile(label).first(), label).toContainText('1');
    expect((await own.api(`/pieces/${id.bowl}`)).story).toBe('Told by a file.');
    await page.getByRole('link', { name: 'Undo this import' }).click();
    await press(page, 'Undo the import');
    await until(page, here, 'This import was undone');
    expect((await own.api(`/pieces/${id.bowl}`)).story).toBe('Cast in two halves.');
    expect(await own.api(`/pieces?filter=${encodeURIComponent('code = AB-200')}`)).toEqual([]);
});

/** Looks at a page, again and again, until it says this. */
async function until(page: Page, address: string, words: string) {
    await expect(async () => {
        await page.goto(address);
        await expect(page.getByText(words).first()).toBeVisible({ timeout: 1000 });
    }).toPass({ timeout: 30_000 });
}

test('it is found, merged and taken apart, thrown away and restored', async ({ page }) => {
    const own = await grace(page, '/pieces');
    // The index follows a moment after what was written.
    for (const words of ['Blue vase', 'AB-123', 'vase@example.com', '+254 700 000111']) {
        await expect(async () => {
            await page.goto(at(`/go?q=${encodeURIComponent(words)}`));
            await expect(page.locator(`[data-region=results] a[href="${record('vase')}"]`), words).toBeVisible({ timeout: 1000 });
        }).toPass({ timeout: 30_000 });
    }

    // One that holds next to nothing takes what the other has, and gives it back.
    ({ id: id.copy } = await own.make('/pieces', { name: 'Copy', origin: 'DE' }));
    await page.goto(record('copy', `/merge?search=${encodeURIComponent('Blue vase')}`));
    await page.getByRole('link', { name: 'Blue vase', exact: true }).click();
    await expect(page.getByText('Parts: 1')).toBeVisible();
    await page.getByRole('radio', { name: /^Origin of Blue vase/ }).check();
    await press(page, 'Merge them');
    await expect(page.getByRole('heading', { name: 'Copy', exact: true })).toBeVisible();
    // The name and the colour were its own.
    for (const row of cases.filter(({ key }) => !['name', 'colour'].includes(key))) await says(about(page, row.key), row, row.first);
    await page.goto(record('vase'));
    await expect(page.getByText('In the trash', { exact: true })).toBeVisible();
    await page.goto(record('copy', '/merge'));
    await press(page, 'Make them two again');
    await expect(about(page, 'origin')).toContainText('DE');
    await page.goto(record('vase'));
    await expect(page.getByText('In the trash', { exact: true })).toHaveCount(0);
    for (const row of cases) await says(about(page, row.key), row, row.first);

    // Into the trash by its menu, out of it by the list.
    await page.locator('summary[aria-label="More actions"]').click();
    await page.getByRole('link', { name: 'Move to the trash' }).click();
    await press(page, 'Move to the trash');
    await expect(page.getByText('Blue vase moved to the trash').first()).toBeVisible();
    await page.goto(list('name = "Blue vase"', ['code']));
    await expect(page.getByText('No pieces match').first()).toBeVisible();
    await page.goto(at('/pieces?trash=1'));
    await line(page, 'vase').getByRole('button', { name: 'Restore' }).click();
    await expect(page.getByText('Piece restored')).toBeVisible();
    await expect(line(page, 'vase')).toHaveCount(0);
    await page.goto(record('vase'));
    for (const row of cases) await says(about(page, row.key), row, row.first);
});

test('its versions and the past say what it was, and what it was is put back', async ({ page }) => {
    const own = await grace(page, '/pieces');
    // What the other piece has as well would be asked about.
    const changes = cases.filter((row) => !row.alone && row.hand !== 'file' && JSON.stringify(row.first) !== JSON.stringify(row.then));
    await page.goto(record('vase', '/edit'));
    const form = page.locator('form[data-form=edit]');
    for (const row of changes) await put(form, row, row.then);
    await form.getByRole('button', { name: 'Save piece' }).click();
    await expect(page.getByRole('heading', { name: 'Red bowl', exact: true })).toBeVisible();
    for (const row of changes) await says(about(page, row.key), row, row.then);

    // As it stood, on its page and in a list.
    const past = `as_of=${encodeURIComponent(moment)}`;
    await page.goto(record('vase', `?${past}`));
    await expect(page.getByText('This is how it stood')).toBeVisible();
    await expect(page.getByRole('heading', { name: 'Blue vase', exact: true })).toBeVisible();
    for (const row of cases) await says(page.locator('.about'), row, row.first);
    await page.goto(list('code = AB-123', changes.map(({ key }) => key).filter((key) => key !== 'name'), `&${past}`));
    for (const row of changes) await says(line(page, 'vase').locator(`[data-field="${row.key}"]`), row, row.first);

    // The first version beside the last one, and back to it.
    await page.goto(record('vase', '/versions'));
    const compare = page.locator('form.decide').filter({ has: page.locator('[name=with]') });
    await compare.locator('[name=version]').selectOption('1');
    await compare.getByRole('button', { name: 'Compare' }).click();
    const differing = page.getByRole('table', { name: 'What differs' });
    await expect(differing).toBeVisible();
    for (const row of changes) {
        const both = differing.locator('tbody tr').filter({ has: page.locator('[data-label="Field"]').filter({ hasText: new RegExp(`^${row.label}$`) }) });
        await says(both, row, row.first);
        await says(both, row, row.then);
    }
    await page.goto(record('vase', '/versions?version=1'));
    for (const row of cases) await says(page.locator('.about'), row, row.first);
    await press(page, 'Put these values back');
    await expect(page.getByRole('heading', { name: 'Blue vase', exact: true })).toBeVisible();
    for (const row of cases) await says(about(page, row.key), row, row.first);
    expect((await own.api(`/pieces/${id.vase}`)).worth).toEqual({ amount: '1563125.00', currency: 'KES' });
});
