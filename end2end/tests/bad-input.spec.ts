// What bad input gets: a clear word about what to do, and nothing is lost.
import { csv, expect, field, signIn, test, unchecked, upload } from './support';

const preview = 'Look at what would happen';

test('a file with every kind of fault brings its good rows in and names the others', async ({ page }, info) => {
    const mark = info.project.name;
    await signIn(page, 'john', '/w/lakeside');
    const good = `Good One,good.${mark}@example.com,New,100,KES`;
    const lines = [
        'Name,E-mail,Stage,Value,Currency',
        good,
        'Wrong Mail,wrong.example.com,New,100,KES',
        `Wrong Stage,stage.${mark}@example.com,Perhaps,100,KES`,
        `Twice,good.${mark}@example.com,New,100,KES`,
        `"Broken "quoting,broken.${mark}@example.com,New,100,KES`,
        `Huge,huge.${mark}@example.com,New,"${'9'.repeat(10 * 1024 * 1024)}",KES`,
    ];
    const bytes = Buffer.concat([
        Buffer.from(`${lines.join('\n')}\n`),
        Buffer.from('Bad byte \xff\xfe', 'latin1'),
        Buffer.from(`,byte.${mark}@example.com,New,100,KES\n`),
    ]);
    await upload(page, 'lakeside', csv(bytes));
    await page.getByRole('button', { name: preview }).click();
    const problems = page.getByRole('table', { name: 'What would be refused' });
    for (const words of ['no @', 'Perhaps', 'row 1', 'quot', 'UTF-8']) {
        await expect(problems.getByText(new RegExp(words, 'i')).first()).toBeVisible();
    }
    await expect(page.getByRole('button', { name: 'Import 1 lead' })).toBeVisible();
});

test('an empty file, a header alone and no header are told apart', async ({ page }) => {
    await signIn(page, 'john', '/w/lakeside');
    await upload(page, 'lakeside', csv(''));
    await expect(page.getByText(/empty/i).first()).toBeVisible();
    await upload(page, 'lakeside', csv('Name,E-mail\n'));
    await expect(page.getByText(/header/i).first()).toBeVisible();
    await upload(page, 'lakeside', csv('Amina Otieno,amina.o@example.com,1200\nJohn Mwangi,john.m@example.com,800\n'));
    await expect(page.getByText('The first row does not look like a header')).toBeVisible();
});

test('a wrong password and an unknown address answer alike, and the address stays', async ({ page }, info) => {
    // A wrong password makes its account wait a moment, so each project spoils another one.
    const spoilt: Record<string, string> = { hydrated: 'samuel', 'no-js': 'peter', phone: 'neema' };
    const answers: string[] = [];
    for (const login of [`${spoilt[info.project.name]}@demo.example`, `nobody.${info.project.name}@demo.example`]) {
        await page.goto('/sign-in');
        await page.getByLabel('E-mail or phone').fill(login);
        await page.getByLabel('Password').fill('not the password');
        await page.getByRole('button', { name: 'Sign in' }).click();
        await expect(page.getByLabel('E-mail or phone')).toHaveValue(login);
        await expect(page.getByLabel('Password')).toHaveValue('');
        answers.push(await page.getByRole('main').innerText());
    }
    expect(answers[0]).toBe(answers[1]);
});

test('a form that is refused keeps what was typed', async ({ page }, info) => {
    await signIn(page, 'john', '/w/lakeside/leads/new');
    await field(page, 'Name').fill(`Typed ${info.project.name}`);
    await field(page, 'E-mail').fill('no-address');
    await field(page, 'City').fill('Kisumu');
    await unchecked(page);
    await page.getByRole('button', { name: /^(Save|Create)/ }).click();
    await expect(page.getByText(/no @/).first()).toBeVisible();
    await expect(field(page, 'Name')).toHaveValue(`Typed ${info.project.name}`);
    await expect(field(page, 'City')).toHaveValue('Kisumu');
    await expect(field(page, 'E-mail')).toHaveAttribute('aria-invalid', 'true');
    // Where the form was sent to there is no page: scripts bring back the page's own address, and whoever asks for the other is led on.
    if (info.project.name === 'no-js') {
        await expect(page).toHaveURL(/\/do\/records\.create$/);
        await page.goto(page.url());
        await expect(page).toHaveURL(/\/w\/lakeside$/);
    } else {
        await expect(page).toHaveURL(/\/leads\/new$/);
    }
});

test('a stale save shows what it was, yours and theirs', async ({ page, browser }, info) => {
    await signIn(page, 'john', '/w/lakeside/leads/new');
    await field(page, 'Name').fill(`Contested ${info.project.name}`);
    await field(page, 'City').fill('Nakuru');
    await page.getByRole('button', { name: /^(Save|Create)/ }).click();
    await expect(page.getByRole('heading', { name: `Contested ${info.project.name}` })).toBeVisible();
    const record = page.url().split('?')[0];
    await page.goto(`${record}/edit`);
    const second = await browser.newContext();
    const grace = await second.newPage();
    await signIn(grace, 'grace', `${new URL(record).pathname}/edit`);
    await field(grace, 'City').fill('Eldoret');
    await grace.getByRole('button', { name: /^Save/ }).click();
    await expect(grace.getByRole('definition').filter({ hasText: 'Eldoret' })).toBeVisible();
    await field(page, 'City').fill('Kisumu');
    await page.getByRole('button', { name: /^Save/ }).click();
    for (const words of ['Nakuru', 'Kisumu', 'Eldoret', 'Grace Wanjiru']) {
        await expect(page.getByText(words).first()).toBeVisible();
    }
    await second.close();
});

test('a move whose gate is closed names what is missing', async ({ page }, info) => {
    await signIn(page, 'john', '/w/lakeside/leads/new');
    await field(page, 'Name').fill(`Gated ${info.project.name}`);
    await page.getByRole('button', { name: /^(Save|Create)/ }).click();
    await expect(page.getByRole('heading', { name: `Gated ${info.project.name}` })).toBeVisible();
    await page.goto(`${page.url().split('?')[0]}?move=proposal`);
    await expect(page.getByText(/once Value is filled in/)).toBeVisible();
});

test('an address with a fault says what is wrong and what was meant', async ({ page }) => {
    await signIn(page, 'john', '/w/lakeside');
    for (const [query, words] of [
        ['filter=stauts%20%3D%20new', 'did you mean status'],
        ['sort=vlaue', 'did you mean value'],
        ['cursor=nonsense', 'page'],
    ]) {
        const answer = await page.goto(`/w/lakeside/leads?${query}`);
        expect(answer?.status(), query).toBe(400);
        await expect(page.getByRole('main').getByText(new RegExp(words, 'i')).first()).toBeVisible();
    }
});
