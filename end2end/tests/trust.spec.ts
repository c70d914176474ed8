// Signing up, inviting, the second factor, roles, sessions and the audit trail, as those who need them meet them: with and without scripts.
import { type Page } from '@playwright/test';
import { sender } from './forms';
import { code, link, newcomer, press, secret } from './people';
import { axe, expect, field, signIn, test, watch } from './support';

test.describe.configure({ timeout: 120_000 });
test.beforeEach(({}, info) => test.skip(info.project.name === 'phone', 'screens.spec.ts looks at them on a phone'));

const look = async (page: Page, scripts: boolean | undefined) => (scripts === false ? undefined : axe(page));
const login = (what: string, project: string) => `${what}.${project}.${Date.now()}@example.com`;

/** The one field of a page that hides what is typed. */
const secretField = (page: Page) => page.locator('input[type=password]');

async function enter(page: Page, who: string, password: string, next = '/') {
    await page.goto(`/sign-in?next=${encodeURIComponent(next)}`);
    await page.getByLabel('E-mail or phone').fill(who);
    await secretField(page).fill(password);
    await press(page, 'Sign in');
}

test('a stranger signs up, invites a colleague, and forgets the password', async ({ page, browser, complaints, javaScriptEnabled }, info) => {
    const [own, theirs] = [login('owner', info.project.name), login('colleague', info.project.name)];
    await page.goto('/sign-up');
    await field(page, 'Your name').fill('Wanjiru Kamau');
    await field(page, 'E-mail or phone').fill(own);
    await secretField(page).fill('password1');
    await field(page, 'Name of the workspace').fill(`Ziwa ${info.project.name}`);
    await page.getByLabel('Industry').selectOption({ index: 1 });
    await press(page, 'Create the workspace');
    // The password is among those that are tried first; what was typed is still there.
    await expect(page.getByText('tried first')).toBeVisible();
    await expect(field(page, 'Your name')).toHaveValue('Wanjiru Kamau');
    await look(page, javaScriptEnabled);
    await secretField(page).fill(secret);
    await press(page, 'Create the workspace');
    await expect(page.getByRole('heading', { name: 'Look at your mail' })).toBeVisible();
    await look(page, javaScriptEnabled);
    await page.goto(await link('sign_up', own));
    await press(page, 'Open the workspace');
    await expect(page).toHaveURL(/\/w\/ziwa-/);
    const workspace = new URL(page.url()).pathname;

    await page.goto(`${workspace}/settings/people`);
    await page.getByRole('link', { name: 'Invite somebody' }).click();
    await field(page, 'E-mail or phone').fill(theirs);
    await page.getByRole('checkbox', { name: 'User', exact: true }).uncheck();
    await page.getByRole('checkbox', { name: 'Viewer', exact: true }).check();
    await press(page, 'Send the invitation');
    await expect(page.getByText(theirs).first()).toBeVisible();
    await look(page, javaScriptEnabled);

    const context = await browser.newContext({ javaScriptEnabled });
    watch(context, complaints);
    const colleague = await context.newPage();
    await colleague.goto(await link('invitation', theirs));
    await look(colleague, javaScriptEnabled);
    await field(colleague, 'Your name').fill('Otieno Ouma');
    await secretField(colleague).fill(secret);
    await press(colleague, 'Join');
    await expect(colleague).toHaveURL(new RegExp(`${workspace}$`));
    // A viewer sees, and is told what it takes to do more.
    await colleague.goto(`${workspace}/leads/new`);
    await expect(colleague.getByText('crm.lead.create').first()).toBeVisible();

    // Forgotten: the link sets another password once and signs out everywhere.
    await colleague.goto('/forgot-password');
    await field(colleague, 'E-mail or phone').fill(theirs);
    await press(colleague, 'Send a link');
    await expect(colleague.getByText('Look at your mail')).toBeVisible();
    const forgot = await link('forgot', theirs);
    await colleague.goto(forgot);
    await secretField(colleague).fill(`${secret} again`);
    await press(colleague, 'Set the password');
    await enter(colleague, theirs, `${secret} again`, workspace);
    await expect(colleague).toHaveURL(new RegExp(`${workspace}$`));
    await colleague.goto(forgot);
    await expect(colleague.getByRole('heading', { name: 'This link is no longer good' })).toBeVisible();
    await look(colleague, javaScriptEnabled);
    await context.close();
});

test('a second factor is set up, asked for, and replaced by a recovery code once', async ({ page, browser, javaScriptEnabled }) => {
    const grace = await sender(browser, 'grace');
    const { login: who } = await newcomer(browser, grace);
    await enter(page, who, secret, '/second-factor');
    await press(page, 'Set up');
    await look(page, javaScriptEnabled);
    await page.getByText('Cannot scan?').click();
    const seed = await page.locator('.scan-seed').innerText();
    await field(page, 'Code').fill('000000');
    await press(page, 'Turn on');
    await expect(page.getByRole('button', { name: 'Turn on' })).toBeVisible();
    const step = Math.floor(Date.now() / 30_000);
    await expect(async () => {
        // Whoever typed a wrong one waits a second.
        await field(page, 'Code').fill(code(seed, step), { timeout: 1000 });
        await press(page, 'Turn on');
        await expect(page.getByRole('heading', { name: 'Keep these codes' })).toBeVisible({ timeout: 3000 });
    }).toPass({ intervals: [1500] });
    await look(page, javaScriptEnabled);
    const recovery = await page.locator('.recovery-codes code').allInnerTexts();
    expect(recovery.length).toBeGreaterThan(7);
    // Shown once.
    await page.goto('/second-factor');
    await expect(page.getByText(recovery[0])).toHaveCount(0);

    await page.context().clearCookies();
    await enter(page, who, secret, '/w/lakeside/leads');
    await expect(page.getByRole('heading', { name: 'Your code' })).toBeVisible();
    await look(page, javaScriptEnabled);
    // Nothing is open before the code.
    expect((await page.request.get('/w/lakeside/api/v1/leads')).status()).toBe(401);
    await field(page, 'Code').fill(code(seed, step));
    await press(page, 'Sign in');
    await expect(page.getByRole('alert'), 'each code works once').toBeVisible();
    await page.getByRole('link', { name: 'Use a recovery code' }).click();
    await expect(async () => {
        // So soon after a wrong code one is asked to wait, and is back at the other form.
        const way = page.getByRole('link', { name: 'Use a recovery code' });
        if (await way.isVisible()) await way.click();
        await field(page, 'Recovery code').fill(recovery[0], { timeout: 1000 });
        await press(page, 'Sign in');
        await expect(page).toHaveURL(/\/w\/lakeside\/leads/, { timeout: 3000 });
    }).toPass({ intervals: [1500] });

    await page.context().clearCookies();
    await enter(page, who, secret, '/w/lakeside/leads');
    await page.getByRole('link', { name: 'Use a recovery code' }).click();
    await field(page, 'Recovery code').fill(recovery[0]);
    await press(page, 'Sign in');
    await expect(page.getByRole('alert'), 'each recovery code works once').toBeVisible();
});

test('a role is made, given and felt; what is missing is named', async ({ page, browser, javaScriptEnabled }, info) => {
    const grace = await sender(browser, 'grace');
    const { own, member } = await newcomer(browser, grace, ['VIEWER']);
    const label = `Front desk ${info.project.name} ${Date.now()}`;
    await signIn(page, 'grace', '/w/lakeside/settings/roles');
    await field(page, 'Name').fill(label);
    await page.getByLabel('Copy of').selectOption({ label: 'Viewer' });
    await press(page, 'Make the role');
    await expect(page.getByRole('heading', { name: label })).toBeVisible();
    await look(page, javaScriptEnabled);
    const role = new URL(page.url()).pathname.split('/').pop() ?? '';
    // What the new role may do is chosen in the grid.
    await page.locator('select[name="grants.crm.lead.create"], select[name="grants[crm.lead.create]"]').first().selectOption('all');
    await press(page, 'Save role');
    await expect(page.getByText('Role saved').first()).toBeVisible();

    const refused = await own.page('/w/lakeside/leads/new');
    expect(refused.html).toContain('crm.lead.create');
    await page.goto(`/w/lakeside/settings/people/${member}/roles`);
    await page.getByRole('checkbox', { name: label }).check();
    await look(page, javaScriptEnabled);
    await press(page, 'Set roles');
    await expect(page.getByText(/^Roles of .* set/).first()).toBeVisible();
    expect((await own.page('/w/lakeside/leads/new')).html, 'on the very next page').toContain('Create lead');

    // Taken away again, whoever lost it is signed out.
    await grace.run('people.set_roles', { member, roles: ['VIEWER'] });
    expect((await own.page('/w/lakeside/leads')).html).toContain('Sign in');
    // Nobody holds it any more, so it can go.
    await page.goto(`/w/lakeside/settings/roles/${role}`);
    await press(page, 'Delete role');
    await expect(page).toHaveURL(/\/settings\/roles$/);
});

test('sessions are listed and ended, and everything is in the trail', async ({ page, browser, javaScriptEnabled }) => {
    const grace = await sender(browser, 'grace');
    const { own, member, login: who } = await newcomer(browser, grace);
    await enter(page, who, secret, '/w/lakeside/settings/sessions');
    await expect(page.getByText('This one')).toBeVisible();
    await look(page, javaScriptEnabled);
    await press(page, /^End/);
    await expect.poll(async () => (await own.page('/w/lakeside/leads')).html).toContain('Sign in');

    const made = await page.request.post('/w/lakeside/api/v1/leads', { data: { name: `Trail of ${who}` }, headers: { 'sec-fetch-site': 'same-origin' } });
    const { id } = (await made.json()).data;
    await page.goto('/w/lakeside/settings/company');
    await signIn(page, 'grace', `/w/lakeside/settings/audit?person=${member}`);
    await look(page, javaScriptEnabled);
    await expect(page.getByRole('row').filter({ hasText: 'Create' }).first()).toBeVisible();
    const file = await page.request.get(`/w/lakeside/settings/audit.csv?person=${member}`);
    expect(await file.text()).toContain(id);

    // Whoever looks at the lead is told why they can.
    await page.goto(`/w/lakeside/leads/${id}/access`);
    await expect(page.getByRole('main').getByText('Grace').first()).toBeVisible();
    await look(page, javaScriptEnabled);

    // And it can be taken back from the trail.
    await page.goto(`/w/lakeside/settings/audit?person=${member}&entity=lead`);
    await page.getByRole('link', { name: 'Undo' }).first().click();
    await look(page, javaScriptEnabled);
    await press(page, 'Take it back');
    await expect(page).toHaveURL(/settings\/audit/);
    expect((await (await page.request.get(`/w/lakeside/api/v1/leads/${id}`)).json()).data.deletedAt, 'in the trash').toBeTruthy();
});
