// In Swahili: what is read, what is refused, and what stays as it was written. Zuhura's profile says that she reads it.
import { axe, csv, expect, field, signIn, test } from './support';
import { said } from './swahili';

const leads = '/w/lakeside/leads';

test('before signing in the language is chosen at the foot, after it the profile decides', async ({ page }, info) => {
    await page.goto('/sign-in');
    const root = page.locator('html');
    await expect(root).toHaveAttribute('lang', 'en');
    await page.getByRole('button', { name: 'Kiswahili' }).click();
    await expect(root).toHaveAttribute('lang', 'sw');
    await expect(page).toHaveURL(/\/sign-in$/);
    // A refusal is said in it too, and what was typed stays.
    await page.getByLabel(said('E-mail or phone')).fill('zuhura@demo.example');
    await page.getByLabel(said('Password')).fill('wrong');
    await page.getByRole('button', { name: said('Sign in'), exact: true }).click();
    await expect(page.getByRole('alert')).not.toBeEmpty();
    await expect(page.getByRole('alert')).not.toContainText(/\b(the|is|and|with)\b/);
    await expect(page.getByLabel(said('E-mail or phone'))).toHaveValue('zuhura@demo.example');
    // Somebody else signs in here, who reads English.
    await page.getByRole('button', { name: 'English' }).click();
    await expect(root).toHaveAttribute('lang', 'en');
    await signIn(page, 'peter', leads);
    await expect(root).toHaveAttribute('lang', 'en');
    await expect(page.getByRole('heading', { name: 'Leads', exact: true })).toBeVisible();
    await signIn(page, 'zuhura', leads);
    await expect(root).toHaveAttribute('lang', 'sw');
    await expect(page.getByRole('heading', { name: said('Leads'), exact: true })).toBeVisible();
    if (info.project.name !== 'no-js') await axe(page);
});

test('a new lead is refused and then saved in Swahili', async ({ page }, info) => {
    await signIn(page, 'zuhura', `${leads}/new`);
    const lead = said('Lead').toLowerCase();
    const name = `Mteja ${info.project.name} ${Date.now().toString(36)}`;
    await field(page, said('Name')).fill(name);
    const mail = page.getByRole('textbox', { name: said('E-mail'), exact: true });
    await mail.fill('hakuna.example.com');
    await page.locator('main form').evaluateAll((forms: HTMLFormElement[]) => forms.forEach((form) => (form.noValidate = true)));
    const save = page.getByRole('button', { name: said('Create {entity}', { entity: lead }) });
    await save.click();
    await expect(page.getByRole('alert')).toContainText(said('it has no @'));
    await expect(field(page, said('Name'))).toHaveValue(name);
    await mail.fill(`swahili.${Date.now()}@example.com`);
    await save.click();
    await expect(page.getByRole('heading', { name })).toBeVisible();
    await expect(page.getByText(said('{entity} created', { entity: said('Lead') }))).toBeVisible();
    // The timeline says who did what; a note is written beside it, and stays as it was written.
    await expect(page.getByText(said('created this {entity}', { entity: lead }))).toBeVisible();
    await page.goto(`${new URL(page.url()).pathname}?write=note`);
    await page.getByRole('textbox', { name: said('Note'), exact: true }).fill('Call back on Friday');
    await page.getByRole('button', { name: said('Save note') }).click();
    await expect(page.getByText('Call back on Friday')).toBeVisible();
    if (info.project.name !== 'no-js') await axe(page);
});

test('a list is filtered, read out and moved on in Swahili', async ({ page }, info) => {
    await signIn(page, 'zuhura', leads);
    await page.goto(`${leads}?filter=${encodeURIComponent('status = qualified and owner = me')}`);
    const sentence = page.getByRole('main');
    await expect(sentence).toContainText(said('Stage'));
    await expect(sentence).toContainText(said('Qualified'));
    await page.goto(`${leads}?filter=${encodeURIComponent('status = nonsense')}`);
    await expect(page.getByText(said('The filter cannot be read'))).toBeVisible();
    await page.getByRole('link', { name: said('Clear it and show the list') }).click();
    await expect(page.getByRole('rowheader').first()).toBeVisible();
    // What islands say came with the page.
    if (info.project.name === 'hydrated') {
        // A key that is pressed before somebody listens is nobody's.
        await expect(page.locator('html[data-swapping]')).toHaveCount(1);
        await page.keyboard.press('Control+k');
        await page.getByRole('combobox').fill('zzzzqqqq');
        await expect(page.getByText(said('Nothing found for “{words}”', { words: 'zzzzqqqq' }))).toBeVisible();
        await page.keyboard.press('Escape');
    }
    await page.goto(`${leads}?view=board`);
    await expect(page.getByRole('heading', { name: said('Qualified') }).first()).toBeVisible();
    if (info.project.name !== 'no-js') await axe(page);
});

test('a file in English is imported by somebody who reads Swahili', async ({ page }, info) => {
    const mark = `${info.project.name}.${Date.now().toString(36)}`;
    await signIn(page, 'zuhura', `${leads}/import`);
    const lines = [
        'Name,Company,E-mail,Stage',
        `Asha ${mark},Asha Ltd,asha.${mark}@example.com,Qualified`,
        `Baraka ${mark},Baraka Ltd,baraka.${mark}@example.com,${said('Qualified')}`,
        `Chiku ${mark},Chiku Ltd,chiku.${mark}.example.com,Qualified`,
    ];
    await page.getByLabel(said('File')).setInputFiles(csv(`${lines.join('\n')}\n`));
    await page.getByRole('button', { name: said('Upload and map columns') }).click();
    await page.getByRole('button', { name: said('Look at what would happen') }).click();
    await expect(page.getByText(said('it has no @')).first()).toBeVisible();
    await page.getByRole('button', { name: said('Import {rows}', { rows: `${said('Leads').toLowerCase()} 2` }) }).click();
    await expect(async () => {
        await page.goto(page.url());
        await expect(page.locator('main').getByText(said('The import is done'))).toBeVisible({ timeout: 1000 });
    }).toPass({ timeout: 30_000 });
    if (info.project.name !== 'no-js') await axe(page);
    // Both lines of the good rows named the same stage, each in its language.
    await page.goto(`${leads}?search=${encodeURIComponent(`Baraka ${mark}`)}`);
    await expect(page.getByText(said('Qualified')).first()).toBeVisible();
});

test('the help and the profile speak the language that is chosen', async ({ page }, info) => {
    await signIn(page, 'zuhura', leads);
    // On a phone it lies behind the menu.
    if (info.project.name === 'phone') await page.goto('/w/lakeside/help/lists');
    else await page.getByRole('link', { name: said('Help'), exact: true }).first().click();
    await expect(page.locator('html')).toHaveAttribute('lang', 'sw');
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Orodha na mionekano');
    await page.goto('/w/lakeside/help?q=kichujio');
    await expect(page.getByRole('main').getByRole('link', { name: /Vichujio/ }).first()).toBeVisible();
    await page.goto('/w/lakeside/settings/profile');
    await expect(page.getByLabel(said('Language'), { exact: true })).toHaveValue('sw');
    if (info.project.name !== 'no-js') await axe(page);
});
