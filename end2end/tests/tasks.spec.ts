// What staff do all day, and what it costs them: each task is done as one does it, and takes no more actions than docs/tasks.md says.
import { readFileSync } from 'node:fs';
import { type Browser, type Locator, type Page } from '@playwright/test';
import { Actions, listening, promised, sum } from './actions';
import { sender, Sender } from './forms';
import { csv, expect, field, signIn, test, type Who } from './support';

test.describe.configure({ timeout: 120_000 });
test.beforeEach(({}, info) => test.skip(info.project.name !== 'hydrated', 'counted at a desk, with scripts'));

/** Somebody at their desk. */
interface Desk {
    page: Page;
    browser: Browser;
    /** What has to be there before, and what is there afterwards. */
    own: Sender;
    act: Actions;
    /** Goes where the task begins. */
    open: (path: string) => Promise<void>;
}

interface Task {
    /** John manages sales, unless somebody else. */
    who?: Who;
    does: (desk: Desk) => Promise<void>;
}

let names = 0;
/** In everything that is made here, so that no other spec is in the way. */
const name = (word: string) => `${word} ${Date.now().toString(36)}${(names += 1)}`;
const today = () => new Date().toISOString().slice(0, 10);
const only = (key: string, value: string) => `filter=${encodeURIComponent(`${key} = "${value}"`)}`;

const lead = (own: Sender, more: object = {}) => own.make('/leads', { name: name('Task'), ...more });
const move = (own: Sender, entity: string, { id, version }: { id: string; version: number }, to: string) =>
    own.run('records.transition', { entity, id, version, to, values: {} });

/** A deal that has come this far. */
async function deal(own: Sender, to: string, closeOn: string) {
    const { id: customer } = await own.make('/customers', { name: name('Buyer') });
    const made = await own.make('/opportunities', { name: name('Deal'), customer, value: { amount: '7000.00', currency: 'USD' }, closeOn });
    await move(own, 'opportunity', made, to);
    return made;
}

/** A worker writes down by which words a record is found, a moment after it was made. */
const known = (own: Sender, plural: string, words: string) =>
    expect.poll(async () => (await own.api(`/${plural}?search=${encodeURIComponent(words)}`)).length, { timeout: 30_000 }).toBe(1);

/** The menu that is open. */
const menu = (page: Page) => page.locator('details.menu[open]');
const rail = (page: Page, label: RegExp) => page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: label });
const saved = (page: Page, operation: string) => page.waitForResponse((answer) => answer.url().includes(`/do/${operation}`));

const tasks: Record<string, Task> = {
    'find-lead': {
        who: 'amina',
        does: async ({ page, own, act, open }) => {
            const { name } = await lead(own);
            const part = name.split(' ')[1];
            await known(own, 'leads', part);
            await open('/leads');
            await act.key('/');
            await act.type(page.getByRole('searchbox', { name: 'Find in leads' }), part.slice(0, -1));
            await act.key('Enter');
            await act.click(page.getByRole('link', { name, exact: true }));
            await expect(page.getByRole('heading', { name, exact: true })).toBeVisible();
            act.done();
        },
    },

    'go-to-record': {
        who: 'amina',
        does: async ({ page, own, act, open }) => {
            const { name } = await own.make('/customers', { name: `Kiosk ${Date.now().toString(36)}` });
            await known(own, 'customers', name);
            await open('');
            await act.key('Control+k');
            await act.type(page.getByRole('combobox', { name: 'Search records, pages and actions' }), name);
            await expect(page.getByRole('option', { name })).toHaveAttribute('aria-selected', 'true');
            await act.key('Enter');
            await expect(page.getByRole('heading', { name, exact: true })).toBeVisible();
            act.done();
        },
    },

    'create-lead': {
        who: 'amina',
        does: async ({ page, act, open }) => {
            const made = name('Walked in');
            await open('/leads');
            await act.key('c');
            await act.type(field(page, 'Name'), made);
            await act.click(field(page, 'Phone'));
            await act.type(field(page, 'Phone'), `+254 7${Date.now().toString().slice(-8)}`);
            await act.key('Enter');
            await expect(page.getByRole('heading', { name: made, exact: true })).toBeVisible();
            act.done();
        },
    },

    'change-owner': {
        does: async ({ page, own, act, open }) => {
            const { id, name } = await lead(own);
            await open(`/leads?${only('name', name)}`);
            const owner = page.getByRole('row').filter({ hasText: name }).locator('[data-field="owner"]');
            await act.doubleClick(owner);
            await act.choose(owner.getByRole('combobox', { name: 'Owner' }), 'Amina Otieno');
            await expect(owner.getByRole('combobox')).toHaveCount(0);
            await expect(owner).toContainText('Amina Otieno');
            act.done();
            const { owner: now } = await own.api(`/leads/${id}`);
            const members: { id: string; name: string }[] = await own.run('people.list_members', {});
            expect(members.find((member) => member.id === now)?.name).toBe('Amina Otieno');
        },
    },

    'move-card': {
        does: async ({ page, own, act, open }) => {
            const { id, name } = await lead(own);
            await open(`/leads?view=board&${only('name', name)}`);
            const there = saved(page, 'records.transition');
            await act.click(page.getByRole('button', { name: `Move ${name}`, exact: true, pressed: false }));
            await act.key('Space');
            await act.key('ArrowRight');
            await act.key('Enter');
            await expect(page.getByRole('region', { name: 'Contacted' }).getByRole('link', { name, exact: true })).toBeVisible();
            act.done();
            await there;
            expect((await own.api(`/leads/${id}`)).status).toBe('contacted');
        },
    },

    'convert-lead': {
        who: 'amina',
        does: async ({ page, own, act, open }) => {
            const company = name('Duka');
            const { id } = await lead(own, { company });
            await open(`/leads/${id}`);
            await act.click(page.getByRole('link', { name: 'Convert', exact: true }));
            await act.click(page.getByRole('button', { name: 'Convert lead' }));
            for (const made of ['customers', 'opportunities']) {
                await expect(page.getByRole('definition').locator(`a[href*="/${made}/"]`, { hasText: company })).toBeVisible();
            }
            act.done();
            expect((await own.api(`/leads/${id}`)).status).toBe('won');
        },
    },

    'write-note': {
        who: 'amina',
        does: async ({ page, own, act, open }) => {
            const { id } = await lead(own);
            await open(`/leads/${id}`);
            await act.click(page.getByRole('navigation', { name: 'Write down' }).getByRole('link', { name: 'Note' }));
            const note = page.getByRole('textbox', { name: 'Note', exact: true });
            await act.type(note, '@John Mwangi asks for a discount');
            await act.click(page.getByRole('button', { name: 'Save note' }));
            await expect(page.locator('.note-body .mention', { hasText: '@John Mwangi' })).toBeVisible();
            act.done();
            expect(await own.run('notes.list', { entity: 'lead', record: id })).toHaveLength(1);
        },
    },

    'attach-file': {
        who: 'amina',
        does: async ({ page, own, act, open }) => {
            const { id } = await lead(own);
            await open(`/leads/${id}`);
            await act.click(page.getByRole('navigation', { name: 'Write down' }).getByRole('link', { name: 'File' }));
            await act.drop(page.locator('form[data-form=file] input[type=file]'), csv('offer\n', 'offer.csv'));
            await act.click(page.getByRole('button', { name: 'Keep file' }));
            await expect(page.getByRole('main').getByRole('link', { name: 'offer.csv' })).toBeVisible();
            act.done();
            expect(await own.run('files.list', { entity: 'lead', record: id })).toHaveLength(1);
        },
    },

    'save-view': {
        does: async ({ page, own, act, open }) => {
            const label = name('Referred');
            await open('/leads');
            await act.click(page.locator('main summary', { hasText: 'Filter' }));
            await act.click(menu(page).getByRole('link', { name: 'Source' }));
            await act.click(page.getByRole('checkbox', { name: 'Referral' }));
            await act.click(page.getByRole('button', { name: 'Add filter' }));
            await act.click(page.getByRole('link', { name: 'Save as' }));
            await act.type(field(page, 'Name'), label);
            await act.key('Enter');
            const tab = page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: label });
            await expect(tab).toHaveAttribute('aria-current', 'page');
            await expect(page.getByText('Referral').first()).toBeVisible();
            act.done();
            type View = { id: string; label: string; version: number; content: { filter: string } };
            const views: View[] = await own.run('views.list', { entity: 'lead' });
            const { id, version, content } = views.find((view) => view.label === label)!;
            expect(content.filter).toContain('source');
            // It is pinned, and would stand in the way of others.
            await own.run('views.delete', { id, version });
        },
    },

    'change-many': {
        does: async ({ page, own, act, open }) => {
            const company = name('Fleet');
            const rows = [await lead(own, { company, city: 'Nakuru' }), await lead(own, { company, city: 'Nakuru' })];
            const cities = async () => (await Promise.all(rows.map(({ id }) => own.api(`/leads/${id}`)))).map(({ city }) => city);
            const city = name('Thika');
            await open(`/leads?${only('company', company)}`);
            await act.click(page.getByRole('checkbox', { name: 'Choose all rows on this page' }));
            await act.click(page.getByRole('button', { name: 'The chosen ones' }));
            await act.click(page.getByRole('navigation', { name: 'Fields' }).getByRole('link', { name: 'City', exact: true }));
            await act.type(field(page, 'City'), city);
            await act.key('Enter');
            const back = page.getByRole('link', { name: 'Take it back' });
            await expect(back).toBeVisible({ timeout: 30_000 });
            expect(await cities()).toEqual([city, city]);
            await act.click(back);
            await act.click(page.getByRole('button', { name: 'Take it back' }));
            await expect(page.locator('main').getByText('It was taken back')).toBeVisible({ timeout: 30_000 });
            act.done();
            expect(await cities()).toEqual(['Nakuru', 'Nakuru']);
        },
    },

    'export-list': {
        does: async ({ page, own, act, open }) => {
            const company = name('Fleet');
            const rows = [await lead(own, { company }), await lead(own, { company })];
            await open(`/leads?${only('company', company)}`);
            const file = page.waitForEvent('download');
            await act.click(page.locator('summary', { hasText: 'Export' }));
            await act.click(menu(page).getByRole('link', { name: /^CSV/ }));
            const text = readFileSync(await (await file).path(), 'utf8');
            act.done();
            expect(text.trim().split('\n')).toHaveLength(3);
            for (const { name } of rows) expect(text).toContain(name);
        },
    },

    'log-call': {
        who: 'amina',
        does: async ({ page, own, act, open }) => {
            const { id } = await lead(own);
            const subject = name('Asked for a test drive');
            await open(`/leads/${id}`);
            await act.click(page.getByRole('main').getByRole('link', { name: 'Log a call' }));
            await act.type(field(page, 'Subject'), subject);
            await act.key('Enter');
            await expect(page.getByRole('main').getByRole('link', { name: subject })).toBeVisible();
            act.done();
            const [call] = await own.api(`/activities?${only('subject', subject)}`);
            expect([call.kind, call.lead]).toEqual(['call', id]);
        },
    },

    'follow-up': {
        who: 'amina',
        does: async ({ page, own, act, open }) => {
            const { id } = await lead(own);
            const title = name('Call back');
            await open(`/leads/${id}`);
            await act.click(page.getByRole('navigation', { name: 'About this record' }).getByRole('link', { name: /^Tasks/ }));
            await act.click(page.getByRole('link', { name: 'New task' }));
            await act.type(field(page, 'Title'), title);
            await act.key('Tab');
            await act.type(page.getByLabel('Due on'), '2027-01-12');
            await act.key('Enter');
            await expect(page.getByRole('row').filter({ hasText: title })).toContainText('12 Jan');
            act.done();
            const [task] = await own.api(`/tasks?${only('title', title)}`);
            expect([task.lead, task.dueOn]).toEqual([id, '2027-01-12']);
        },
    },

    'tick-item': {
        who: 'amina',
        does: async ({ page, own, act, open }) => {
            const { id } = await deal(own, 'delivery_booked', '2027-01-20');
            await open(`/opportunities/${id}`);
            await expect(page.getByText('Delivery booked: 0 of 4 done')).toBeVisible();
            const item = page.getByRole('checkbox', { name: 'Insurance shown' });
            await act.click(item);
            await expect(page.getByText('Delivery booked: 1 of 4 done')).toBeVisible();
            act.done();
            await expect(item).toBeChecked();
        },
    },

    'approve': {
        does: async ({ page, browser, own, act, open }) => {
            // Nobody approves what they have asked for themselves.
            const amina = await sender(browser, 'amina');
            const { id: customer } = await amina.make('/customers', { name: name('Buyer') });
            const lines = [{ description: name('Van'), quantity: '1', unitPrice: '120.00' }];
            const { order } = await amina.run('sales.make_order', { customer, currency: 'USD', lines });
            const { id, version, number } = await amina.api(`/orders/${order.id}`);
            await move(amina, 'order', { id, version }, 'submitted');
            await open('');
            await act.click(rail(page, /^Approvals/));
            const row = page.getByRole('row').filter({ hasText: number });
            await act.click(row.getByRole('button', { name: 'Approve' }));
            await expect(page.getByText('Approved', { exact: true }).first()).toBeVisible();
            await expect(row).toHaveCount(0);
            act.done();
            expect((await own.api(`/orders/${id}`)).status).toBe('approved');
        },
    },

    'read-told': {
        who: 'grace',
        does: async ({ page, own, act, open }) => {
            const { id, name } = await lead(own);
            const members: { id: string; email: string }[] = await own.run('people.list_members', {});
            const me = members.find(({ email }) => email?.startsWith('grace'))!.id;
            await own.run('workflow.notify', { to: { member: me }, title: `Look at ${name}`, key: name, entity: 'lead', record: id });
            await open('');
            await act.click(rail(page, /^Notifications/));
            await act.click(page.getByRole('row').filter({ hasText: name }).getByRole('button', { name: 'Open' }));
            await expect(page.getByRole('heading', { name, exact: true })).toBeVisible();
            act.done();
            const told: { title: string; readAt?: string }[] = await own.run('workflow.list_notifications', {});
            expect(told.find((row) => row.title === `Look at ${name}`)?.readAt).toBeTruthy();
        },
    },

    'merge-leads': {
        does: async ({ page, own, act, open }) => {
            const phone = `+254 7${Date.now().toString().slice(-8)}`;
            const [kept, other] = [await lead(own, { phone }), await lead(own, { phone, city: 'Kisumu' })];
            await open(`/leads/${kept.id}`);
            await act.click(page.locator('summary[aria-label="More actions"]'));
            await act.click(menu(page).getByRole('link', { name: 'Merge with another' }));
            await act.click(page.getByRole('link', { name: other.name, exact: true }));
            await act.click(page.getByRole('button', { name: 'Merge them' }));
            await expect(page.getByRole('definition').filter({ hasText: 'Kisumu' })).toBeVisible();
            act.done();
            expect((await own.api(`/leads/${other.id}`)).deletedAt).toBeTruthy();
        },
    },

    'restore-lead': {
        does: async ({ page, own, act, open }) => {
            // Of today, so that it is among the first whatever else lies there.
            const { id, name, version } = await lead(own, { enquiredOn: today() });
            await own.run('records.delete', { entity: 'lead', id, version });
            await open('/leads');
            await act.click(page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: 'Trash' }));
            const row = page.getByRole('row').filter({ hasText: name });
            await act.click(row.getByRole('button', { name: 'Restore' }));
            await expect(page.getByText('Lead restored')).toBeVisible();
            await expect(row).toHaveCount(0);
            act.done();
            expect((await own.api(`/leads/${id}`)).deletedAt).toBeFalsy();
        },
    },

    'move-appointment': {
        does: async ({ page, own, act, open }) => {
            const subject = name('Test drive');
            const { id } = await own.make('/activities', { subject, kind: 'meeting', happenedOn: '2027-06-09T07:30:00Z' });
            await open(`/activities?view=calendar&on=2027-06-01&${only('subject', subject)}`);
            const day = (of: string) => page.locator(`[data-column="2027-06-${of}"]`);
            const there = saved(page, 'records.update');
            await act.drag(day('09').locator('.cal-card'), day('17'));
            await expect(day('17').getByRole('link', { name: subject })).toBeVisible();
            act.done();
            await there;
            expect((await own.api(`/activities/${id}`)).happenedOn).toContain('2027-06-17T07:30');
        },
    },

    'read-figures': {
        who: 'grace',
        does: async ({ page, own, act, open }) => {
            // One that was won now, so that there is a figure whatever the demo has.
            await deal(own, 'won', today());
            await open('');
            await act.click(rail(page, /^Dashboards/));
            await act.click(page.getByRole('main').getByRole('link', { name: 'Sales', exact: true }));
            await act.click(page.getByRole('navigation', { name: 'Days shown' }).getByRole('link', { name: 'This month' }));
            await expect(page).toHaveURL(/range=month/);
            const tile = page.locator('section.tile').filter({ has: page.getByRole('link', { name: 'Won', exact: true }) });
            const many = async (what: Locator) => Number(/([\d,]+) vehicle sales?/.exec(await what.innerText())?.[1].replace(/,/g, ''));
            const told = await many(tile);
            await act.click(tile.getByRole('link'));
            await expect(page).toHaveURL(/opportunities\?filter=/);
            const foot = page.getByText(/^[\d,]+ vehicle sales?$/);
            await expect(foot).toBeVisible();
            act.done();
            const filter = new URL(page.url()).searchParams.get('filter') ?? '';
            expect(filter).toMatch(/^status = won and closeOn >= \d{4}-\d\d-01 and closeOn < \d{4}-\d\d-01$/);
            // Other specs may win deals meanwhile; whatever was won before is in both.
            const shown = await many(foot);
            const now = (await own.api(`/opportunities?limit=500&filter=${encodeURIComponent(filter)}`)).length;
            expect(told, 'the figure, and its rows').toBeLessThanOrEqual(shown);
            expect(shown, 'and those of now').toBeLessThanOrEqual(now);
            expect(told, 'one of them was won here').toBeGreaterThan(0);
        },
    },
};

test('the table has every task, adds up, and says why where it is more than five actions', () => {
    const table = promised();
    expect([...table.keys()]).toEqual(Object.keys(tasks));
    expect(table.size).toBe(20);
    for (const [key, { count, actions, reason }] of table) {
        expect(actions, `${key}: the sum of its columns`).toBe(sum(count));
        expect(reason !== '' || actions <= 5, `${key}: a reason for ${actions} actions`).toBe(true);
    }
});

for (const [key, { who = 'john', does }] of Object.entries(tasks)) {
    test(`${key}: ${promised().get(key)?.task}`, async ({ page, browser }) => {
        await signIn(page, who, '/w/lakeside/settings');
        const own = new Sender(page.request, page);
        const act = new Actions(page);
        const open = async (path: string) => {
            await page.goto(own.at(path));
            await listening(page);
        };
        await does({ page, browser, own, act, open });
        const seconds = act.seconds();
        console.log(`task=${key} actions=${sum(act.count)} seconds=${seconds.toFixed(1)}`);
        const said = promised().get(key);
        expect(said, 'docs/tasks.md has it').toBeDefined();
        expect(act.count, 'as many actions as docs/tasks.md says').toEqual(said!.count);
    });
}
