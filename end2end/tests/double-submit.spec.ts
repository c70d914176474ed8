// Every form is sent more than once: by a double click, again after Back, again by a refresh. Each time one row is made and one change is
// written. Forms are found by walking the pages: one that nobody has written a case for fails the spec.
import { type Page } from '@playwright/test';
import { cases, creation, desk, history, lead, mark, name, saying, type Count, type Scene } from './double-submit.cases';
import { filled, outlines, Sender, type Form, type Outline } from './forms';
import { screens } from './screens';
import { expect, field, password, signIn, test, watch } from './support';

const known = new Set(cases.map(({ does }) => does));
/** What makes no row and needs no key: who signs in twice has one session in the end. */
const keyless = ['/sign-in', '/sign-out', '/preferences', '/account/password', '/admin/sign-in', '/admin/sign-out'];

/**
 * What a person does about their own account, in no workspace, and makes nothing twice by: a link or a code is good once, and of mails, recovery
 * codes and sessions the last ones count. Support that begins to act twice has two entries in the log, of which one ends by itself.
 */
const account = [
    '/sign-up',
    '/sign-up/code',
    '/forgot-password',
    '/confirm',
    '/second-factor',
    '/second-factor/prepare',
    '/second-factor/codes',
    '/second-factor/off',
    '/sign-in/code',
    '/impersonation/stop',
    '/admin/confirm',
    '/admin/impersonate',
    '/admin/second-factor',
    '/admin/second-factor/prepare',
    '/admin/second-factor/codes',
    '/admin/second-factor/off',
    '/admin/sign-in/code',
];

/** Checks the forms of one page: each has a key, and none has another one's. */
function checked(at: string, forms: Outline[]) {
    const keys = new Set<string>();
    for (const { does, key } of forms.filter(({ does }) => ![...keyless, ...account].includes(does))) {
        expect(key, `a form of ${does} on ${at} has a key`).not.toBe('');
        expect(keys.has(`${does} ${key}`), `two forms of ${does} on ${at} share a key`).toBe(false);
        keys.add(`${does} ${key}`);
    }
}

/** What a form says, without what belongs to the form itself and how old the page was. */
const own = (form: Form) => JSON.stringify(form.fields.filter(([name]) => !name.startsWith('_') && name !== 'version').sort());

/**
 * An address without what tells one row from another: pages of one shape have the same forms. Rows of different views of a list do not: one
 * view has what is open, another what is won.
 */
function shape(address: string, from: string): string {
    const { pathname, searchParams } = new URL(address, 'http://here');
    const asked = [...searchParams].map(([key, said]) => (['tab', 'view'].includes(key) ? `${key}=${said}` : key));
    const view = asked.length ? '' : new URL(from, 'http://here').searchParams.get('view');
    return `${pathname.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '{id}')}?${[...new Set(asked)].sort().join('&')} ${view}`;
}

/** Follows the links from these pages: two records of each view, and one page of every other shape. Answers how many pages there were. */
async function crawl(desk: Sender, starts: string[], look: (at: string, html: string) => void): Promise<number> {
    const [seen, shapes] = [new Set<string>(), new Map<string, number>()];
    // A list in another order or cut otherwise has the same forms; a path below /api is no page.
    const others = /\/api\/|\.csv|\.xlsx|\.json|\.html|[?&](sort|filter|cursor|offset|search|back|columns|group|open|totals|choose|as_of|date|end|on|scale|version|add\.\w+)=/;
    const due = (href: string, from = '') => {
        const kind = shape(href, from);
        const count = shapes.get(kind) ?? 0;
        const enough = /\{id\}\? /.test(kind) ? 2 : 1;
        if (seen.has(href) || !href.startsWith(`/w/${desk.workspace}`) || others.test(href) || count >= enough) return false;
        seen.add(href);
        shapes.set(kind, count + 1);
        return true;
    };
    const next = starts.filter((href) => due(href));
    while (next.length) {
        const batch = next.splice(0, 4);
        const pages = await Promise.all(batch.map((href) => desk.page(href)));
        pages.forEach(({ html }, at) => {
            look(batch[at], html);
            next.push(...outlines(html).links.filter((href) => due(href, batch[at])));
        });
    }
    return seen.size;
}

/** The form of a scene, as its page is now. */
async function drawn(desk: Sender, does: string, scene: Scene): Promise<Form | undefined> {
    const forms = await (scene.forms?.() ?? desk.forms(scene.at));
    const form = forms.find((form) => form.does === does && (scene.which?.(form) ?? true));
    return form && filled(form, scene.typed ?? {});
}

const sum = (count: Count, more: Count) => Object.fromEntries(Object.entries(count).map(([what, there]) => [what, there + (more[what] ?? 1)]));

/** Sends the form of a scene again and again, and answers where it leads. */
async function once(sender: Sender, does: string, scene: Scene): Promise<string> {
    const desk = scene.by ?? sender;
    const before = scene.before ?? (await scene.count());
    const form = await drawn(desk, does, scene);
    expect(form, `${scene.at} has a form of ${does}`).toBeDefined();
    const send = async () => {
        const answer = await desk.send(form!, scene.file);
        await scene.sent?.();
        return answer;
    };
    // Both clicks of a double click, the second while the first is under way; then Back to the page that the browser kept, and once more.
    const answers = scene.inTurn ? [await send(), await send()] : await Promise.all([send(), send()]);
    answers.push(await send());
    const wanted = sum(before, scene.grown ?? {});
    expect(await scene.count(), `${does} at ${scene.at} sent three times`).toEqual(wanted);
    const place = { status: scene.drawn ? 200 : 303, to: answers[0].to };
    for (const { status, to } of answers) expect({ status, to }, `every answer of ${does} leads to the same place`).toEqual(place);
    // Loaded, and loaded anew.
    for (const time of scene.drawn ? [] : ['loaded', 'refreshed']) expect((await desk.page(place.to)).status, `${place.to} ${time}`).toBe(200);
    // Back to the page that the browser kept, where something else is typed: that is another thing, and asked about.
    const [typed, said] = Object.entries(scene.typed ?? {}).pop() ?? [];
    if (typed && !keyless.includes(does)) {
        const other = await desk.send(filled(form!, { [typed]: `${said}1` }), scene.file);
        expect([other.status, other.to], `${does} with the same key and other values`).toEqual([422, '']);
    }
    // Back to the page as it is drawn now: where it offers the same, that changes nothing, or asks first.
    const again = scene.anew || scene.forms ? undefined : await drawn(desk, does, scene);
    if (again && own(again) === own(form!)) {
        await desk.send(again, scene.file);
        await scene.sent?.();
    }
    expect(await scene.count(), `${does} after Back`).toEqual(wanted);
    return place.to;
}

test.describe('every form', () => {
    test.skip(({ javaScriptEnabled }) => javaScriptEnabled !== false, 'forms are sent without a browser here, one project is enough');

    test('is known', async ({ browser }) => {
        test.setTimeout(300_000);
        const found = new Map<string, string>();
        const look = (at: string, html: string) => {
            const { forms } = outlines(html);
            checked(at, forms);
            forms.forEach(({ does }) => found.set(does, at));
        };
        const visited: string[] = [];
        // A few walks at once: twenty people who sign in in the same second are told to try again.
        const due = Object.values(screens);
        const walker = async () => {
            for (let walk = due.shift(); walk; walk = due.shift()) {
                const context = await browser.newContext({ javaScriptEnabled: false });
                await walk(await context.newPage(), async (page, name, path) => {
                    if (path) await page.goto(path);
                    look(name, await page.content());
                    visited.push(page.url().replace(/^https?:\/\/[^/]*/, ''));
                });
                await context.close();
            }
        };
        await Promise.all([walker(), walker(), walker()]);
        const pages = await crawl(await desk(browser), ['/w/lakeside', ...visited], look);
        expect(pages, 'pages by following links').toBeGreaterThan(200);
        const unknown = [...found].filter(([does]) => !known.has(does) && !account.includes(does)).map(([does, at]) => `${does} on ${at}`);
        expect(unknown, 'every form has a case in double-submit.cases.ts').toEqual([]);
    });

    test('of a new row makes one', async ({ browser }) => {
        const grace = await desk(browser);
        const { links } = outlines((await grace.page('/w/lakeside')).html);
        const lists = links.flatMap((href) => /^\/w\/lakeside\/([a-z-]+)$/.exec(href)?.[1] ?? []);
        let made = 0;
        for (const list of new Set(lists)) {
            const scene = await creation(grace, list);
            if (!scene) continue;
            const row = await once(grace, 'records.create', scene);
            expect(await history(grace, row.replace('/w/lakeside', '')), `the history of ${row}`).toBe(1);
            made += 1;
        }
        expect(made, 'entities with rows that are made by hand').toBeGreaterThan(10);
    });

    for (const { does, what, who, scene } of cases) {
        test(`${does}: ${what}`, async ({ browser }) => {
            const sender = await desk(browser, who);
            const act = async () => once(sender, does, await scene(sender, browser));
            const first = await scene(sender, browser);
            await (first.before ? expect(act).toPass({ timeout: 30_000 }) : once(sender, does, first));
        });
    }
});

test.describe('by hand', () => {
    /** Presses twice, as who is in doubt. */
    const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).first().dblclick();

    test('a lead is made once, and once more only by who says so', async ({ page }) => {
        await signIn(page, 'john', '/w/lakeside/leads/new');
        const john = new Sender(page.request, page);
        const words = name();
        const rows = (count: number) => expect.poll(() => saying(john, 'leads', words)).toBe(count);
        const asked = page.getByText('You sent the same a few minutes ago');
        await field(page, 'Name').fill(words);
        await press(page, 'Create lead');
        await expect(page.getByRole('heading', { name: words, exact: true })).toBeVisible();
        await rows(1);
        await page.reload();
        await rows(1);
        // Back: the page is drawn anew, and has nothing that could be sent again without being typed.
        await page.goBack();
        await expect(field(page, 'Name')).toHaveValue('');
        await press(page, 'Create lead');
        await rows(1);
        await field(page, 'Name').fill(words);
        await press(page, 'Create lead');
        await expect(asked).toBeVisible();
        await expect(field(page, 'Name')).toHaveValue(words);
        await rows(1);
        await press(page, 'Create lead');
        await expect(page.getByRole('heading', { name: words, exact: true })).toBeVisible();
        await rows(2);
    });

    test('what is done with a record is done once', async ({ page }) => {
        await signIn(page, 'john', '/w/lakeside');
        const john = new Sender(page.request, page);
        const [{ id }, words] = [await lead(john), name()];
        const record = john.at(`/leads/${id}`);
        const changes = (count: number) => expect.poll(() => history(john, `/leads/${id}`)).toBe(count);
        await page.goto(record);
        await field(page, 'Subject').fill(words);
        await press(page, 'Save activity');
        await expect(page.getByText('Activity saved')).toBeVisible();
        await page.reload();
        await page.goBack();
        expect(await saying(john, 'activities', words)).toBe(1);
        await page.goto(record);
        await press(page, 'Mark as contacted');
        await expect(page.getByText('Moved to Contacted')).toBeVisible();
        await page.reload();
        await changes(2);
        await page.goto(`${record}/edit`);
        await field(page, 'City').fill('Kisumu');
        await press(page, 'Save lead');
        await expect(page.getByText('Lead saved')).toBeVisible();
        await changes(3);
        // Back to what is as it was saved: to save it again is no change.
        await page.goBack();
        await press(page, 'Save lead');
        await expect(page.getByText('Lead saved')).toBeVisible();
        await changes(3);
        await page.goto(`${record}?delete=1`);
        await press(page, 'Move to the trash');
        await expect(page).toHaveURL(john.at('/leads'));
        expect((await john.api(`/leads/${id}`)).version).toBe(4);
    });

    test('one signs in once', async ({ browser, javaScriptEnabled, complaints }, info) => {
        // The address of a page is spoilt by wrong passwords elsewhere; these people are not.
        const who = { hydrated: 'daniel', 'no-js': 'faith', phone: 'amina' }[info.project.name];
        const userAgent = `${mark} of ${who}`;
        const context = await browser.newContext({ javaScriptEnabled, userAgent });
        watch(context, complaints);
        const page = await context.newPage();
        await page.goto('/sign-in?next=/w/lakeside/settings/sessions');
        await page.getByLabel('E-mail or phone').fill(`${who}@demo.example`);
        await page.getByLabel('Password').fill(password());
        await press(page, 'Sign in');
        await expect(page.getByRole('heading', { name: 'Sessions' }).first()).toBeVisible();
        await page.reload();
        const sessions = (await new Sender(context.request, page).run('people.list_sessions', {})) as { agent: string }[];
        expect(sessions.filter(({ agent }) => agent === userAgent)).toHaveLength(1);
        await context.close();
    });
});
