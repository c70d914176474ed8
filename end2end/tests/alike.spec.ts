// A new record that there is already: said while it is typed where scripts listen, and by the form when it is sent, for everybody.
import { listening } from './actions';
import { axe, expect, field, signIn, test } from './support';

test('a new lead that is there already is said while it is typed, and the focus stays where it went', async ({ page }, info) => {
    test.skip(info.project.name !== 'hydrated', 'scripts and a keyboard');
    const at = Date.now();
    const [name, number] = [`Twin ${at}`, String(at).slice(-9)];
    await signIn(page, 'john', '/w/lakeside/leads/new');
    await field(page, 'Name').fill(name);
    await field(page, 'Phone').fill(`+254 ${number}`);
    await field(page, 'Company').fill(`Twins ${at}`);
    await page.getByRole('button', { name: 'Create lead' }).click();
    await expect(page.getByRole('heading', { name, exact: true })).toBeVisible();
    const path = new URL(page.url()).pathname;

    await page.goto('/w/lakeside/leads/new');
    await listening(page);
    const warning = (of: string) =>
        page.locator('.field').filter({ has: field(page, of) }).locator('.notice').filter({ hasText: 'There may be such a lead already' });
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute('name'));
    await field(page, 'Phone').fill(`(254) ${number}`);
    await page.keyboard.press('Tab');
    const next = await focused();
    expect(next, 'Tab goes on to another field').toMatch(/^values\./);
    await expect(warning('Phone')).toContainText('same phone');
    await expect(warning('Phone').getByRole('link', { name })).toHaveAttribute('href', path);
    await expect(page.locator('form[data-form=new] > [role=status]')).toContainText(name);
    expect(await focused()).toBe(next);
    const [words, control] = [await warning('Phone').boundingBox(), await field(page, 'Phone').boundingBox()];
    expect(words!.y + words!.height, 'the warning stands above the field').toBeLessThanOrEqual(control!.y);
    await axe(page);

    // Another number takes it away, and a name counts together with its company alone.
    await field(page, 'Phone').fill('+254 000');
    await field(page, 'Name').fill(name.toUpperCase());
    await field(page, 'Company').fill(`twins ${at}`);
    await expect(warning('Phone')).toHaveCount(0);
    await expect(warning('Company')).toHaveCount(0);
    await field(page, 'City').focus();
    await expect(warning('Company')).toContainText('same name and company');
    await expect(warning('Name')).toHaveCount(0);
    await expect(field(page, 'City')).toBeFocused();

    // It forbids nothing: the form asks once when it is sent, and is done when it is sent again.
    await page.getByRole('button', { name: 'Create lead' }).click();
    await expect(page.locator('form[data-form=new] [name=_alike]'), 'it does not ask twice').toHaveCount(0);
    // The page is where it was, though its form was sent elsewhere.
    await expect(page).toHaveURL(/\/leads\/new$/);
    await expect(page.getByText('There may be such a lead already').first()).toBeVisible();
    await page.getByRole('button', { name: 'Create lead' }).click();
    await expect(page.getByRole('heading', { name: name.toUpperCase(), exact: true })).toBeVisible();
});

test('without scripts a new lead that is there already is said when it is sent, and not before', async ({ page }, info) => {
    test.skip(info.project.name !== 'no-js', 'no scripts');
    const at = Date.now();
    const number = String(at).slice(-9);
    await signIn(page, 'john', '/w/lakeside/leads/new');
    for (const [name, asked] of [[`Once ${at}`, false], [`Twice ${at}`, true]] as const) {
        await page.goto('/w/lakeside/leads/new');
        await field(page, 'Name').fill(name);
        await field(page, 'Phone').fill(`+254 ${number}`);
        await field(page, 'City').fill('Kisumu');
        const warning = page.locator('form[data-form=new] .notice').filter({ hasText: 'same phone' });
        await expect(warning).toHaveCount(0);
        await page.getByRole('button', { name: 'Create lead' }).click();
        if (asked) {
            await expect(warning).toBeVisible();
            await page.getByRole('button', { name: 'Create lead' }).click();
        }
        await expect(page.getByRole('heading', { name, exact: true })).toBeVisible();
    }
});
