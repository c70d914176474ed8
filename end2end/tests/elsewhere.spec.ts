// Another site's page in the same browser (D-02, D-03), and what stays in the browser of somebody who signed out (C-21, D-13).
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type Page } from '@playwright/test';
import { filled, sender, type Form } from './forms';
import { enter, expect, password, signIn, test } from './support';

/** Pages of the workspace's owner on which every kind of form stands. */
const pages = [
    '/w/lakeside',
    '/w/lakeside/leads',
    '/w/lakeside/leads?view=board',
    '/w/lakeside/leads/new',
    '/w/lakeside/leads/{lead}',
    '/w/lakeside/leads/{lead}/edit',
    '/w/lakeside/leads/{lead}?convert=1',
    '/w/lakeside/leads/{lead}?edit=city',
    '/w/lakeside/products/new',
    '/w/lakeside/orders/new',
    '/w/lakeside/tasks/new',
    '/w/lakeside/settings/roles/USER',
    '/w/lakeside/workflows',
    '/w/lakeside/settings',
    '/w/lakeside/settings/people',
    '/w/lakeside/settings/company',
    '/w/lakeside/settings/locations',
    '/w/lakeside/settings/profile',
    '/w/lakeside/settings/roles',
    '/w/lakeside/settings/security',
    '/w/lakeside/settings/sessions',
    '/workspaces',
    '/workspaces/new',
    '/sign-in',
    '/forgot-password',
    '/sign-up',
];

const escaped = (text: string) => text.replace(/&/g, '&amp;').replace(/"/g, '&quot;').replace(/</g, '&lt;');

/** A site of somebody else: pages that send one form each to where it was found, as soon as they are open. */
class Attacker {
    private readonly forms: { action: string; fields: [string, string][]; kind?: string }[] = [];
    private server!: Server;

    async open() {
        this.server = createServer((request, response) => {
            const form = this.forms[Number(request.url?.slice(1))];
            response.setHeader('content-type', 'text/html; charset=utf-8');
            if (!form) return void response.end('<title>elsewhere</title>');
            const inputs = form.fields.map(([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`);
            response.end(
                `<!doctype html><title>elsewhere</title><form method="post" action="${escaped(form.action)}" enctype="${form.kind ?? ''}">${inputs.join('')}<button>Win</button></form>
                 <script>addEventListener('load', () => setTimeout(() => document.forms[0].submit(), 0))</script>`,
            );
        });
        await new Promise<void>((listening) => this.server.listen(0, '127.0.0.1', listening));
    }

    close = () => this.server.close();
    at = (host: string, page: number | string) => `http://${host}:${(this.server.address() as AddressInfo).port}/${page}`;
    plant = (action: string, fields: [string, string][], kind?: string) => this.forms.push({ action, fields, kind }) - 1;

    /** Sends a form from a page of this host; what the server answers. */
    async send(page: Page, host: string, form: number) {
        const answer = page.waitForResponse((answer) => answer.request().method() === 'POST');
        // Its form takes the page away before it is loaded.
        await page.goto(this.at(host, form), { waitUntil: 'commit' }).catch(() => undefined);
        const { status, headers } = await answer.then((answer) => ({ status: answer.status(), headers: answer.headers() }));
        await page.waitForURL((url) => url.href === this.forms[form].action);
        return { status, headers };
    }
}

let attacker: Attacker;
test.beforeAll(async () => {
    attacker = new Attacker();
    await attacker.open();
});
test.afterAll(() => attacker.close());

/** Everything of a form is known to the attacker but what the browser must not tell. */
const baited = (form: Form, mark: string): [string, string][] => {
    const typed = new Set(form.asks.filter(({ kind }) => ['text', 'search', 'textarea'].includes(kind)).map(({ name }) => name));
    return form.fields.map(([name, value]) => [name, typed.has(name) ? mark : value]);
};

test('no form of ours works from another site', async ({ page, browser, baseURL, complaints }, info) => {
    test.skip(info.project.name !== 'hydrated', 'a form sends itself by a script');
    test.setTimeout(240_000);
    const mark = `planted-${Date.now()}`;
    const desk = await sender(browser, 'grace');
    const lead = await desk.make('/leads', { name: 'Bait' });
    const forms = new Map<string, Form>();
    for (const at of pages) {
        for (const form of await desk.forms(at.replace('{lead}', lead.id))) {
            if (!forms.has(form.does)) forms.set(form.does, form);
        }
    }
    for (const path of ['/sign-in', '/sign-out', '/forgot-password', '/preferences', '/sign-up']) {
        if (!forms.has(path)) forms.set(path, { does: path, action: path, fields: [['next', '/'], ['login', mark], ['theme', 'dark']], asks: [] });
    }
    expect([...forms.keys()].length, [...forms.keys()].join(' ')).toBeGreaterThan(15);
    await signIn(page, 'grace', '/w/lakeside');
    const before = (await page.context().cookies(baseURL)).filter(({ name }) => name.includes('nexus'));
    const theme = await page.locator('html').getAttribute('data-theme');
    const answered: string[] = [];
    let sent = 0;
    for (const form of forms.values()) {
        const number = attacker.plant(new URL(form.action, baseURL).href, baited(form, mark));
        for (const host of ['127.0.0.1', 'localhost']) {
            const { status, headers } = await attacker.send(page, host, number);
            if (status !== 403 || headers['set-cookie']) answered.push(`${form.does} from ${host}: ${status}`);
            sent += 1;
        }
    }
    // The API, by what a page may send without asking first.
    const json = attacker.plant(new URL('/w/lakeside/api/v1/leads', baseURL).href, [[`{"name":"${mark}","notes":"`, '"}']], 'text/plain');
    for (const host of ['127.0.0.1', 'localhost']) {
        const { status } = await attacker.send(page, host, json);
        if (status !== 403) answered.push(`the API from ${host}: ${status}`);
        await page.goto(attacker.at(host, 'nothing'));
        await page.evaluate(
            async ([base, mark]) => {
                const body = JSON.stringify({ name: mark });
                await fetch(`${base}/w/lakeside/api/v1/leads`, { method: 'POST', mode: 'no-cors', credentials: 'include', body }).catch(() => {});
                navigator.sendBeacon(`${base}/sign-out`, new URLSearchParams({ next: '/' }));
                new Image().src = `${base}/sign-out`;
            },
            [baseURL!, mark],
        );
        sent += 4;
    }
    expect(answered, 'everything is refused').toEqual([]);
    // Nothing of it is there: still signed in with the same session, the same look, and the mark is nowhere.
    const after = (await page.context().cookies(baseURL)).filter(({ name }) => name.includes('nexus'));
    expect(after.map(({ name, value }) => [name, value])).toEqual(before.map(({ name, value }) => [name, value]));
    for (const path of ['/w/lakeside/leads?view=everything&sort=-createdAt', '/w/lakeside/settings/company', '/w/lakeside/settings/people', '/w/lakeside/settings/locations', '/w/lakeside/settings/profile', '/workspaces']) {
        expect((await page.goto(path))?.status(), path).toBe(200);
        expect(await page.content(), path).not.toContain(mark);
    }
    expect(await page.locator('html').getAttribute('data-theme')).toBe(theme);
    expect(await desk.api(`/leads?filter=${encodeURIComponent(`name = "${mark}"`)}`)).toEqual([]);
    expect((await desk.api(`/leads/${lead.id}`)).version).toBe(lead.version);
    console.log(`bar=D-02 forms=${forms.size} sent=${sent} effects=0 pass=1`);
    // From a page of ours the same works, or nothing was tried.
    const create = (await desk.forms('/w/lakeside/leads/new')).find(({ does }) => does === 'records.create');
    expect((await desk.send(filled(create!, { 'values.name': mark }))).status).toBe(303);
    // What their page may not read, the browser says in their console.
    complaints.splice(0, complaints.length, ...complaints.filter((complaint) => !/ERR_BLOCKED_BY_RESPONSE|Failed to load resource/.test(complaint)));
});

test('nobody is signed in or out by another site', async ({ page, baseURL }, info) => {
    test.skip(info.project.name !== 'hydrated', 'a form sends itself by a script');
    const theirs: [string, string][] = [
        ['login', 'neema@demo.example'],
        ['password', password()],
        ['next', '/'],
    ];
    const signingIn = attacker.plant(new URL('/sign-in', baseURL).href, theirs);
    const signingOut = attacker.plant(new URL('/sign-out', baseURL).href, []);
    const sessions = async () => (await page.context().cookies(baseURL)).filter(({ name }) => /nexus/.test(name)).map(({ value }) => value);
    for (const host of ['127.0.0.1', 'localhost']) {
        // Into the attacker's own account, where what the victim types would be theirs.
        expect((await attacker.send(page, host, signingIn)).status).toBe(403);
        expect(await sessions()).toEqual([]);
    }
    await signIn(page, 'john', '/w/lakeside');
    const mine = await sessions();
    for (const host of ['127.0.0.1', 'localhost']) {
        for (const form of [signingIn, signingOut]) {
            expect((await attacker.send(page, host, form)).status).toBe(403);
            expect(await sessions()).toEqual(mine);
            expect((await page.goto('/w/lakeside'))?.url()).toBe(new URL('/w/lakeside', baseURL).href);
        }
    }
    console.log('bar=D-03 signed_in=0 signed_out=0 pass=1');
});

/** What the browser keeps for this site, as text. */
const kept = (page: Page) =>
    page.evaluate(async () => {
        const told: string[] = [JSON.stringify(localStorage), JSON.stringify(sessionStorage), document.cookie];
        for (const { name } of await indexedDB.databases()) {
            const open = indexedDB.open(name!);
            const database = await new Promise<IDBDatabase>((done, fail) => {
                open.onsuccess = () => done(open.result);
                open.onerror = () => fail(open.error);
            });
            for (const store of database.objectStoreNames) {
                const all = database.transaction(store).objectStore(store).getAll();
                await new Promise((done) => (all.onsuccess = done));
                told.push(JSON.stringify(all.result));
            }
        }
        for (const name of await caches.keys()) {
            const cache = await caches.open(name);
            for (const request of await cache.keys()) told.push(request.url, (await (await cache.match(request))?.text()) ?? '');
        }
        for (const worker of await navigator.serviceWorker.getRegistrations()) told.push(`worker ${worker.scope}`);
        return told.join('\n');
    });

test('after signing out Back shows nothing and the browser keeps nothing', async ({ page, browser }, info) => {
    const scripts = info.project.name !== 'no-js';
    const canary = `Keepsake ${info.project.name} ${Date.now()}`;
    const desk = await sender(browser, 'grace');
    const lead = await desk.make('/leads', { name: canary, city: canary });
    const record = `/w/lakeside/leads/${lead.id}`;
    // A session of its own: this one ends.
    await enter(page, 'grace', record);
    await expect(page.getByRole('heading', { name: canary })).toBeVisible();
    for (const path of ['/w/lakeside/leads?view=everything&sort=-createdAt', '/w/lakeside/leads?view=board', `${record}/edit`, `/w/lakeside/go?q=${encodeURIComponent(canary)}`, record]) {
        await page.goto(path);
    }
    expect(await page.content()).toContain(canary);
    // The palette remembers what was open last, for as long as somebody is signed in.
    if (scripts) expect((await kept(page)).split('Keepsake').length - 1, 'while signed in').toBeLessThanOrEqual(1);
    await page.goto('/w/lakeside/settings');
    const out = page.waitForResponse((answer) => answer.url().endsWith('/sign-out'));
    await page.locator('form[action="/sign-out"]').first().evaluate((form: HTMLFormElement) => form.submit());
    const cleared = (await (await out).allHeaders())['clear-site-data'] ?? '';
    expect(cleared).toContain('"cache"');
    await page.waitForURL(/\/sign-in/);
    // As far back as it goes: never a word of what was seen.
    let steps = 0;
    while (steps < 8) {
        const answer = await page.goBack({ timeout: 5_000 }).catch(() => null);
        if (!answer && page.url() === 'about:blank') break;
        expect(await page.content(), page.url()).not.toContain(canary);
        steps += 1;
    }
    expect(steps).toBeGreaterThan(3);
    await page.goto('/sign-in');
    if (scripts) {
        const left = await kept(page);
        expect(left).not.toContain('Keepsake');
        expect(left).not.toContain('worker ');
    }
    expect((await page.goto(record))?.url()).toContain('/sign-in');
    // Who leaves without signing out leaves nothing to whoever signs in next.
    await enter(page, 'grace', record);
    await expect(page.getByRole('heading', { name: canary })).toBeVisible();
    await page.context().clearCookies();
    await enter(page, 'john', '/w/lakeside/settings');
    if (scripts) expect(await kept(page), 'of whoever was here before').not.toContain('Keepsake');
    console.log(`bar=C-21 back_steps=${steps} shown=0 pass=1`);
    console.log('bar=D-13 canaries=0 pass=1');
});
