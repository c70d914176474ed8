// The daily round with the keyboard alone.
import { expect, field, signIn, test } from './support';

test('from the list to a saved change without a mouse', async ({ page }, info) => {
    test.skip(info.project.name === 'phone', 'a phone has no keyboard');
    await signIn(page, 'john', '/w/lakeside/leads');
    // Past the rail by the skip link.
    await page.keyboard.press('Tab');
    await expect(page.getByRole('link', { name: 'Skip to content' })).toBeFocused();
    await page.keyboard.press('Enter');
    const first = page.getByRole('rowheader').first().getByRole('link');
    const name = await first.innerText();
    await first.focus();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { name })).toBeVisible();
    await page.getByRole('link', { name: 'Edit', exact: true }).focus();
    await page.keyboard.press('Enter');
    const city = field(page, 'City');
    await city.focus();
    await page.keyboard.press('Control+a');
    await page.keyboard.type(`Thika ${info.project.name}`);
    await page.keyboard.press('Enter');
    await expect(page.getByRole('definition').filter({ hasText: `Thika ${info.project.name}` })).toBeVisible();
});
