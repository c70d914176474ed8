// Notes of a record: whom an @ may mention is offered where scripts listen, by keys and by a click; without them a name is typed.
import { listening } from './actions';
import { altered, axe, expect, field, signIn, test } from './support';

/** A lead of its own, with the box for a note open. */
async function begin(page: Parameters<typeof signIn>[0]) {
    const name = `Noted ${Date.now()}`;
    await signIn(page, 'john', '/w/lakeside/leads/new');
    await field(page, 'Name').fill(name);
    await page.getByRole('button', { name: 'Create lead' }).click();
    await expect(page.getByRole('heading', { name, exact: true })).toBeVisible();
    await page.goto(`${new URL(page.url()).pathname}?write=note`);
    return field(page, 'Note');
}

test('behind an @ members are offered, and keys or a click put the name that mentions them', async ({ page }, info) => {
    test.skip(info.project.name !== 'hydrated', 'scripts and a keyboard');
    const note = await begin(page);
    await listening(page);
    const list = page.getByRole('listbox', { name: 'Members' });
    const chosen = list.getByRole('option', { selected: true });
    // An address is no mention.
    await note.pressSequentially('me@gra');
    await expect(list).toBeHidden();

    await note.fill('');
    await note.pressSequentially('Ask @gra');
    await expect(chosen).toHaveText('Grace Wanjiru');
    await expect(note).toBeFocused();
    await expect(note).toHaveAttribute('aria-activedescendant', (await chosen.getAttribute('id'))!);
    // How many there are interrupts nobody.
    await expect(page.locator('#remarks')).toHaveText(/results?$/);
    await expect(page.locator('#announcer')).toBeEmpty();
    await axe(page);
    await page.keyboard.press('Escape');
    await expect(list).toBeHidden();
    await expect(note).toHaveValue('Ask @gra');
    // By a word of the name, too.
    await note.pressSequentially(' or @wanj');
    await expect(chosen).toHaveText('Grace Wanjiru');
    await page.keyboard.press('Enter');
    await expect(list).toBeHidden();
    await expect(note).toHaveValue('Ask @gra or @Grace Wanjiru ');

    // Before a letter is typed none is chosen: Enter begins a line, and an arrow chooses.
    await note.pressSequentially('and @');
    await expect(list).toBeVisible();
    await expect(chosen).toHaveCount(0);
    await page.keyboard.press('ArrowDown');
    await expect(chosen).toHaveCount(1);
    await note.pressSequentially('peter');
    await list.getByRole('option', { name: 'Peter Kamau' }).click();
    await expect(note).toBeFocused();
    await expect(note).toHaveValue('Ask @gra or @Grace Wanjiru and @Peter Kamau ');
    await note.pressSequentially('today');
    await expect(list).toBeHidden();
    await page.getByRole('button', { name: 'Save note' }).click();
    await expect(page.locator('.note-body .mention')).toHaveText(['@Grace Wanjiru', '@Peter Kamau']);
});

test('a whole name is not taken for the beginning of a longer one', async ({ page }, info) => {
    test.skip(info.project.name !== 'hydrated', 'scripts and a keyboard');
    // Somebody whose name goes on where another one ends; nobody of the demo is called so.
    await altered(page, /_look=members/, (text) => text.replace(/<li[^>]*>Grace Wanjiru(<!-*>)?<\/li>/, '$&<li>Grace Wanjiru Otieno</li>'));
    const note = await begin(page);
    await listening(page);
    const list = page.getByRole('listbox', { name: 'Members' });
    const option = list.getByRole('option', { name: 'Grace Wanjiru Otieno' });
    await note.pressSequentially('@Grace Wanjir');
    await expect(list.getByRole('option', { name: 'Grace Wanjiru', exact: true })).toHaveAttribute('aria-selected', 'true');
    await note.pressSequentially('u');
    await expect(list.getByRole('option')).toHaveCount(1);
    await expect(option).toHaveAttribute('aria-selected', 'false');
    await page.keyboard.press('Enter');
    await expect(note).toHaveValue('@Grace Wanjiru\n');
    await expect(list).toBeHidden();
    // The longer one is an arrow away.
    await page.keyboard.press('Backspace');
    await expect(option).toBeVisible();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await expect(note).toHaveValue('@Grace Wanjiru Otieno ');
});

test('without scripts a name is typed, and mentions as well', async ({ page }, info) => {
    test.skip(info.project.name !== 'no-js', 'no scripts');
    const note = await begin(page);
    await note.fill('Ask @Grace Wanjiru');
    await page.getByRole('button', { name: 'Save note' }).click();
    await expect(page.locator('.note-body .mention')).toHaveText('@Grace Wanjiru');
});
