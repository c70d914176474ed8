// Every screen, by area: who looks at it and how one comes there. What a spec does with a screen is its own.
import { type Page } from '@playwright/test';
import { csv, expect, field, signIn, signInStaff, unchecked, upload } from './support';

/** Looks at a screen: at the address, or where the page stands when there is none. */
export type Look = (page: Page, name: string, path?: string) => Promise<void>;

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
        await look(page, 'list', '/w/lakeside/leads');
        await look(page, 'list-filtered', `/w/lakeside/leads?filter=${encodeURIComponent('status in (qualified, proposal) and owner = me')}&sort=-value`);
        await look(page, 'list-no-match', `/w/lakeside/leads?filter=${encodeURIComponent('name starts with "zzzz"')}`);
        await look(page, 'list-trash', '/w/lakeside/leads?trash=1');
        await look(page, 'list-fault', '/w/lakeside/leads?sort=vlaue');
        await look(page, 'board', '/w/lakeside/leads?view=board');
        await look(page, 'go', '/w/lakeside/go?q=a');
        await look(page, 'missing-record', '/w/lakeside/leads/0199a000-0000-7000-8000-000000000000');
    },

    'records and forms': async (page, look) => {
        await signIn(page, 'amina', '/w/lakeside/leads');
        const href = await page.getByRole('rowheader').first().getByRole('link').getAttribute('href');
        await look(page, 'record', href ?? '');
        await look(page, 'record-edit-field', `${href}?edit=city`);
        await look(page, 'record-convert', `${href}?convert=1`);
        await look(page, 'edit', `${href}/edit`);
        await look(page, 'new', '/w/lakeside/leads/new');
        await field(page, 'E-mail').fill('no-address');
        await unchecked(page);
        await page.getByRole('button', { name: /^(Save|Create)/ }).click();
        await look(page, 'new-refused');
    },

    'settings and permissions': async (page, look) => {
        await signIn(page, 'peter', '/w/lakeside/leads');
        await look(page, 'list-read-only', '/w/lakeside/leads');
        await look(page, 'forbidden', '/w/lakeside/leads/import');
        await look(page, 'settings', '/w/lakeside/settings');
        await look(page, 'sessions', '/w/lakeside/settings/sessions');
        await look(page, 'keys', '/w/lakeside/settings/keys');
        await look(page, 'people', '/w/lakeside/settings/people');
        await look(page, 'company', '/w/lakeside/settings/company');
    },

    'people, roles and the trail': async (page, look) => {
        await signIn(page, 'grace', '/w/lakeside/settings/people');
        await look(page, 'people-all', '/w/lakeside/settings/people');
        await look(page, 'invite', '/w/lakeside/settings/people?invite=1');
        const member = await page.getByRole('link', { name: /^John/ }).first().getAttribute('href');
        await look(page, 'member', member ?? '');
        await look(page, 'member-roles', `${member}/roles`);
        await look(page, 'member-sessions', `${member}/sessions`);
        await look(page, 'roles', '/w/lakeside/settings/roles');
        await look(page, 'role', '/w/lakeside/settings/roles/USER');
        await look(page, 'role-fixed', '/w/lakeside/settings/roles/OWNER');
        await look(page, 'locations', '/w/lakeside/settings/locations');
        await look(page, 'security', '/w/lakeside/settings/security');
        await look(page, 'keys-owner', '/w/lakeside/settings/keys');
        await look(page, 'profile', '/w/lakeside/settings/profile');
        await look(page, 'second-factor', '/second-factor');
        await look(page, 'confirm', '/confirm?next=/w/lakeside/settings/security');
        await look(page, 'workspace-new', '/workspaces/new');
        await look(page, 'audit', '/w/lakeside/settings/audit');
        await look(page, 'audit-none', '/w/lakeside/settings/audit?q=zzzz');
        await page.goto('/w/lakeside/leads');
        const href = await page.getByRole('rowheader').first().getByRole('link').getAttribute('href');
        await look(page, 'who-can-see', `${href}/access`);
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
            await expect(page.getByText('The import is done')).toBeVisible({ timeout: 1000 });
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
