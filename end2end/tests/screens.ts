// Every screen, by area: who looks at it and how one comes there. What a spec does with a screen is its own.
import { type Page } from '@playwright/test';
import { csv, expect, field, signIn, signInStaff, unchecked, upload } from './support';

/** Looks at a screen: at the address, or where the page stands when there is none. */
export type Look = (page: Page, name: string, path?: string) => Promise<void>;

const photographed = !!process.env.E2E_SCREENSHOTS;
const beside = (path: string, parameter: string) => (photographed ? path : `${path}${path.includes('?') ? '&' : '?'}${parameter}`);
/** Rows are alike, and the checker takes its time with each: ten of them, unless they are photographed. */
const few = (path: string) => beside(path, 'limit=10');
/** The same for cards. */
const mine = (path: string) => beside(path, `filter=${encodeURIComponent('owner = me')}`);

export const screens: Record<string, (page: Page, look: Look) => Promise<void>> = {
    'before signing in': async (page, look) => {
        await look(page, 'sign-in', '/sign-in');
        await look(page, 'admin-sign-in', '/admin/sign-in');
        await look(page, 'sign-up', '/sign-up');
        await look(page, 'forgot-password', '/forgot-password');
        await look(page, 'link-void', '/reset-password/none');
        await look(page, 'invitation-void', '/invitations/none');
        await look(page, 'not-found', '/nothing/here');
    },

    'home, lists and search': async (page, look) => {
        await signIn(page, 'amina', '/workspaces');
        await look(page, 'workspaces', '/workspaces');
        await look(page, 'home', '/w/lakeside');
        await look(page, 'list', few('/w/lakeside/leads'));
        await look(page, 'list-filtered', few(`/w/lakeside/leads?filter=${encodeURIComponent('status in (qualified, proposal) and owner = me')}&sort=-value`));
        await look(page, 'list-no-match', `/w/lakeside/leads?filter=${encodeURIComponent('name starts with "zzzz"')}`);
        await look(page, 'list-trash', few('/w/lakeside/leads?trash=1'));
        await look(page, 'list-fault', '/w/lakeside/leads?sort=vlaue');
        await look(page, 'board', '/w/lakeside/leads?view=board');
        await look(page, 'board-owner', mine('/w/lakeside/leads?view=board&group=owner'));
        await look(page, 'board-customer', '/w/lakeside/opportunities?view=board&group=customer');
        await look(page, 'board-fault', '/w/lakeside/leads?view=board&group=nonsense');
        await look(page, 'board-filter', mine('/w/lakeside/leads?view=board&add.field=city'));
        await look(page, 'go', '/w/lakeside/go?q=a');
        await look(page, 'missing-record', '/w/lakeside/leads/0199a000-0000-7000-8000-000000000000');
    },

    'views': async (page, look) => {
        await signIn(page, 'grace', '/w/lakeside/leads');
        const either = encodeURIComponent('status = qualified or (status = proposal and owner = me)');
        await look(page, 'list-sorted-twice', few('/w/lakeside/leads?filter=&sort=status,-value'));
        await look(page, 'list-either', few(`/w/lakeside/leads?filter=${either}&add.to=0.1&add.join=or`));
        await look(page, 'list-columns', few('/w/lakeside/leads?choose=columns'));
        await look(page, 'list-grouped', few('/w/lakeside/leads?filter=&group=status'));
        await look(page, 'list-totals', few('/w/lakeside/leads?filter=&totals=1'));
        await look(page, 'view-save', '/w/lakeside/leads/views?filter=&sort=name');
        await field(page, 'Name').fill(`Screen ${Date.now().toString(36)}`);
        await page.getByRole('button', { name: 'Save the view' }).click();
        await look(page, 'view-open');
        await look(page, 'view-changed', few(`${new URL(page.url()).pathname}${new URL(page.url()).search}&sort=-name`));
        await look(page, 'views', '/w/lakeside/leads/views');
        await page.getByRole('link', { name: 'Edit', exact: true }).last().click();
        await look(page, 'view-edit');
    },

    'many rows': async (page, look) => {
        await signIn(page, 'grace', '/w/lakeside/leads');
        const row = await page.locator('tbody tr[data-id]').first().getAttribute('data-id');
        await look(page, 'bulk', `/w/lakeside/leads/bulk?row=${row}&field=city`);
        await look(page, 'bulk-none', '/w/lakeside/leads/bulk');
        await look(page, 'exports', '/w/lakeside/exports');
        await look(page, 'export-start', '/w/lakeside/exports?of=leads&format=csv');
        await look(page, 'merge', `/w/lakeside/leads/${row}/merge?search=a`);
        await page.goto(`/w/lakeside/leads/bulk?row=${row}`);
        await page.getByLabel('Stage').selectOption({ label: 'Qualified' });
        const move = page.getByRole('button', { name: 'Move them' });
        await move.click();
        // The walk in another light did the same a moment ago, and is asked whether it is meant once more.
        await expect(async () => {
            if (await page.getByText('You sent the same a few minutes ago').isVisible()) await move.click();
            expect(page.url()).toMatch(/\/bulk\/[0-9a-f-]{36}/);
        }).toPass({ timeout: 30_000 });
        await expect(async () => {
            await page.goto(page.url());
            await expect(page.getByText('Refused', { exact: true })).toBeVisible({ timeout: 1000 });
        }).toPass({ timeout: 30_000 });
        await look(page, 'bulk-done');
    },

    'calendars and timelines': async (page, look) => {
        await signIn(page, 'john', '/w/lakeside/tasks');
        await look(page, 'calendar', '/w/lakeside/tasks?view=calendar');
        await look(page, 'calendar-activities', '/w/lakeside/activities?view=calendar');
        await look(page, 'calendar-lasting', '/w/lakeside/tasks?view=calendar&date=createdAt&end=dueOn');
        await look(page, 'calendar-empty', '/w/lakeside/tasks?view=calendar&on=2031-02-01');
        await look(page, 'calendar-week', '/w/lakeside/activities?view=calendar&scale=week');
        await look(page, 'calendar-agenda', '/w/lakeside/activities?view=calendar&scale=agenda');
        await look(page, 'calendar-day', '/w/lakeside/tasks?view=calendar&scale=day');
        await look(page, 'calendar-day-empty', '/w/lakeside/tasks?view=calendar&scale=day&on=2031-02-01');
        await look(page, 'calendar-fixed', '/w/lakeside/messages?view=calendar');
        await look(page, 'calendar-fault', '/w/lakeside/tasks?view=calendar&date=title');
        await look(page, 'timeline', '/w/lakeside/opportunities?view=timeline');
        await look(page, 'timeline-month', '/w/lakeside/tasks?view=timeline&scale=month');
        await look(page, 'timeline-points', '/w/lakeside/activities?view=timeline&group=kind');
        await look(page, 'timeline-empty', '/w/lakeside/tasks?view=timeline&on=2031-02-01');
        await signIn(page, 'peter', '/w/lakeside/tasks');
        await look(page, 'calendar-read-only', '/w/lakeside/tasks?view=calendar');
    },

    'dashboards': async (page, look) => {
        await signIn(page, 'grace', '/w/lakeside/dashboards');
        await look(page, 'dashboards', '/w/lakeside/dashboards');
        await look(page, 'dashboard-sales', '/w/lakeside/dashboards/sales');
        await look(page, 'dashboard-money', '/w/lakeside/dashboards/money');
        await look(page, 'dashboard-empty', '/w/lakeside/dashboards/sales?from=2001-01-01&to=2001-01-31');
        await look(page, 'dashboard-fault', '/w/lakeside/dashboards/sales?from=2026-03-02&to=2026-03-01');
    },

    'help': async (page, look) => {
        await signIn(page, 'samuel', '/w/lakeside/help');
        await look(page, 'help', '/w/lakeside/help');
        await look(page, 'help-found', '/w/lakeside/help?q=undo');
        await look(page, 'help-none', '/w/lakeside/help?q=zebra');
        await look(page, 'help-article', '/w/lakeside/help/lists');
        await look(page, 'help-not-allowed', '/w/lakeside/help/keys');
        await look(page, 'refused', '/w/lakeside/settings/audit');
    },

    'records and forms': async (page, look) => {
        await signIn(page, 'amina', '/w/lakeside/leads');
        const href = await page.getByRole('rowheader').first().getByRole('link').getAttribute('href');
        await look(page, 'record', href ?? '');
        await look(page, 'record-edit-field', `${href}?edit=city`);
        await look(page, 'record-convert', `${href}?convert=1`);
        await look(page, 'edit', `${href}/edit`);
        await look(page, 'record-note', `${href}?write=note`);
        await look(page, 'record-file', `${href}?write=file`);
        await look(page, 'record-notes-alone', `${href}?kind=notes`);
        await look(page, 'versions', `${href}/versions`);
        await look(page, 'version', `${href}/versions?version=1`);
        const past = new Date().toISOString();
        await look(page, 'record-past', `${href}?as_of=${past}`);
        await look(page, 'list-past', few(`/w/lakeside/tasks?as_of=${past}`));
        await look(page, 'new', '/w/lakeside/leads/new');
        await field(page, 'E-mail').fill('no-address');
        await unchecked(page);
        await page.getByRole('button', { name: /^(Save|Create)/ }).click();
        await look(page, 'new-refused');
    },

    'settings and permissions': async (page, look) => {
        await signIn(page, 'peter', '/w/lakeside/leads');
        await look(page, 'list-read-only', few('/w/lakeside/leads'));
        await look(page, 'forbidden', '/w/lakeside/leads/import');
        await look(page, 'settings', '/w/lakeside/settings');
        await look(page, 'sessions', '/w/lakeside/settings/sessions');
        await look(page, 'keys', '/w/lakeside/settings/keys');
        await look(page, 'people', '/w/lakeside/settings/people');
        await look(page, 'company', '/w/lakeside/settings/company');
        await look(page, 'feedback-send', '/w/lakeside/feedback?from=%2Fw%2Flakeside%2Fleads');
    },

    'people': async (page, look) => {
        await signIn(page, 'grace', '/w/lakeside/settings/people');
        await look(page, 'people-all', '/w/lakeside/settings/people');
        await look(page, 'invite', '/w/lakeside/settings/people?invite=1');
        const member = await page.getByRole('link', { name: /^John/ }).first().getAttribute('href');
        await look(page, 'member', member ?? '');
        await look(page, 'member-roles', `${member}/roles`);
        await look(page, 'member-sessions', `${member}/sessions`);
        await look(page, 'locations', '/w/lakeside/settings/locations');
    },

    'what was told': async (page, look) => {
        await signIn(page, 'grace', '/w/lakeside/notifications');
        await look(page, 'notifications', '/w/lakeside/notifications');
        await look(page, 'notifications-unread', '/w/lakeside/notifications?show=unread');
        await look(page, 'notifications-kinds', '/w/lakeside/notifications?show=kinds');
    },

    'roles and the trail': async (page, look) => {
        await signIn(page, 'grace', '/w/lakeside/settings/roles');
        await look(page, 'roles', '/w/lakeside/settings/roles');
        await look(page, 'role', '/w/lakeside/settings/roles/USER');
        await look(page, 'role-fixed', '/w/lakeside/settings/roles/OWNER');
        await look(page, 'audit', '/w/lakeside/settings/audit');
        await look(page, 'feedback', '/w/lakeside/settings/feedback');
        await look(page, 'audit-none', '/w/lakeside/settings/audit?operation=nothing.such');
        await page.goto('/w/lakeside/leads');
        const href = await page.getByRole('rowheader').first().getByRole('link').getAttribute('href');
        await look(page, 'who-can-see', `${href}/access`);
    },

    'the own account': async (page, look) => {
        await signIn(page, 'grace', '/w/lakeside/settings/security');
        await look(page, 'security', '/w/lakeside/settings/security');
        await look(page, 'profile', '/w/lakeside/settings/profile');
        await look(page, 'keys-owner', '/w/lakeside/settings/keys');
        await look(page, 'second-factor', '/second-factor');
        await look(page, 'confirm', '/confirm?next=/w/lakeside/settings/security');
        await look(page, 'workspace-new', '/workspaces/new');
    },

    'the import': async (page, look) => {
        await signIn(page, 'john', '/w/lakeside/leads');
        await look(page, 'import-upload', '/w/lakeside/leads/import');
        // Another address each time: a row that is there already would not be imported.
        const rows = `Screen One,screen.${Date.now()}@example.com,New\nScreen Two,wrong.example.com,Perhaps`;
        await upload(page, 'lakeside', csv(`Name,E-mail,Stage\n${rows}\n`));
        await look(page, 'import-mapping');
        await page.getByRole('button', { name: 'Look at what would happen' }).click();
        await look(page, 'import-preview');
        await page.getByRole('button', { name: 'Import 1 lead' }).click();
        await expect(async () => {
            await page.goto(page.url());
            await expect(page.locator('main').getByText('The import is done')).toBeVisible({ timeout: 1000 });
        }).toPass({ timeout: 30_000 });
        await look(page, 'import-done');
        await page.getByRole('link', { name: 'Undo this import' }).click();
        await look(page, 'import-undo');
    },

    'the platform': async (page, look) => {
        await signInStaff(page);
        await look(page, 'tenants', '/admin');
        await look(page, 'admin-second-factor', '/admin/second-factor');
        await look(page, 'proof', '/admin/proof');
    },
};
