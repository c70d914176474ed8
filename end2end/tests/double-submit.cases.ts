// What a form does, form by form: where it stands, what a person types into it, and how its effect is counted. A new form needs a case here.
import { type Browser } from '@playwright/test';
import { filled, sender, stranger, value, type Control, type Form, type Sender } from './forms';
import { newcomer, secret } from './people';
import { csv, expect, FRESH, password, type Who } from './support';

export type Count = Record<string, number>;

/** What is there before a form is sent. */
export interface Scene {
    /** The page that it stands on. */
    at: string;
    /** Who sends it, where that is somebody who came for it alone. */
    by?: Sender;
    /** The page as a refused form draws it, where that is what it stands on. */
    forms?: () => Promise<Form[]>;
    which?: (form: Form) => boolean;
    /** What a person types. */
    typed?: Record<string, string>;
    file?: ReturnType<typeof csv>;
    /** What it makes, counted. Afterwards everything is there once more, or as often as `grown` says. */
    count: () => Promise<Count>;
    grown?: Count;
    /** Both clicks at once; else one after the other, where a browser drops the first answer and keeps one cookie. */
    inTurn?: boolean;
    /** It leads nowhere: the answer is the page itself, which shows something once. */
    drawn?: boolean;
    /** Looked at after each time that it was sent. */
    sent?: () => Promise<void>;
    /** Why the same form may be there again and do the same once more. */
    anew?: string;
    /** What is counted before, where the form is there for a moment only; then it is tried until it is met. */
    before?: Count;
}

export interface Case {
    does: string;
    what: string;
    /** Grace, who owns the workspace, unless somebody else; or a browser in which nobody has signed in. */
    who?: Who | 'nobody';
    scene: (desk: Sender, browser: Browser) => Promise<Scene>;
}

/** In every text that a spec makes, so that its rows are told from all others. */
export const mark = `Twice ${Date.now().toString(36)} ${process.pid}`;
let marks = 0;
export const name = () => `${mark}-${(marks += 1)}`;

export const history = async (desk: Sender, record: string) => (await desk.api(`${record}/timeline?limit=100`)).length;
/** Newest rows that say this anywhere. */
export const saying = async (desk: Sender, list: string, words: string) =>
    ((await desk.api(`/${list}?sort=-createdAt&limit=100`)) as object[]).filter((row) => JSON.stringify(row).includes(words)).length;
export const lead = async (desk: Sender, more: object = {}) => desk.make('/leads', { name: name(), ...more });
const customer = (desk: Sender) => desk.make('/customers', { name: name(), email: `${marks}.${mark.replace(/\W/g, '')}@example.com` });
const move = (desk: Sender, entity: string, record: { id: string; version: number }, to: string) =>
    desk.run('records.transition', { entity, id: record.id, version: record.version, to, values: {} });

/** An order with one line that needs no stock, as far along as asked. */
async function order(desk: Sender, boss: Sender, until: 'draft' | 'submitted' | 'approved' | 'shipped' = 'draft', price = '120.00') {
    const { id: of } = await customer(desk);
    const lines = [{ description: name(), quantity: '1', unitPrice: price }];
    const { order: made } = await desk.run('sales.make_order', { customer: of, currency: 'USD', lines });
    const path = `/orders/${made.id}`;
    const fresh = () => desk.api(path);
    if (until === 'draft') return fresh();
    await move(desk, 'order', await fresh(), 'submitted');
    if (until === 'submitted') return fresh();
    const asked = await approval(boss, made.id);
    await boss.run('workflow.decide_approval', { id: asked.id, decision: 'approve' });
    if (until === 'approved') return fresh();
    await move(desk, 'order', await fresh(), 'picking');
    await move(desk, 'order', await fresh(), 'shipped');
    return fresh();
}

const approval = async (desk: Sender, record: string) =>
    ((await desk.run('workflow.list_approvals', { all: true })) as { id: string; record: string; state: string }[]).find(
        (row) => row.record === record && row.state === 'PENDING',
    )!;

const views = async (desk: Sender) => (await desk.run('views.list', { entity: 'lead' })) as { id: string; label: string; version: number }[];
const view = async (desk: Sender, id: string) => (await views(desk)).find((view) => view.id === id);

const desks = new Map<Who, { own: Sender; at: number }>();
export async function desk(browser: Browser, who: Who | 'nobody' = 'grace') {
    if (who === 'nobody') return stranger(browser);
    const known = desks.get(who);
    if (known && Date.now() - known.at < FRESH) return known.own;
    const own = await sender(browser, who);
    desks.set(who, { own, at: Date.now() });
    return own;
}

/** A workflow of one step that somebody starts over a lead. */
const workflow = async (desk: Sender, step: object) =>
    desk.run('workflow.save', {
        definition: {
            key: `twice_${Date.now().toString(36)}_${(marks += 1)}`,
            name: name(),
            trigger: { on: 'by_hand', entity: 'lead' },
            steps: [{ key: 'only', retries: 0, ...step }],
        },
    });

/** A run once it stands where it will stay. */
async function standing(desk: Sender, id: string, state: string) {
    let view = await desk.run('workflow.get_run', { id });
    for (let tries = 0; view.state !== state && tries < 100; tries += 1) {
        await new Promise((later) => setTimeout(later, 100));
        view = await desk.run('workflow.get_run', { id });
    }
    expect(view.state).toBe(state);
    return view;
}

async function started(desk: Sender, step: object, state: string): Promise<string> {
    const { id } = await workflow(desk, step);
    await desk.run('workflow.set_active', { id, active: true });
    const { id: run } = await desk.run('workflow.start', { id, record: (await lead(desk)).id });
    await standing(desk, run, state);
    return run;
}

const stuck = { type: 'transition', input: { to: 'won' } };
const asking = { type: 'approval', input: { title: 'Go on?', roles: ['FINANCE_MANAGER'] } };

const message = async (desk: Sender) => {
    const invoice = { invoiceNumber: 'INV-1', dueDate: '2026-12-20', totalAmount: { amount: '1.00', currency: 'KES' } };
    const values = { customer: { name: name() }, invoice };
    const { message: id } = await desk.run('messaging.send', { template: 'invoice_notification', to: 'twice@example.com', key: name(), values });
    return id as string;
};

/** Uploads a file of two leads; answers the import and the words that its rows have. */
async function uploaded(desk: Sender) {
    const words = name();
    const upload = (await desk.forms(desk.at('/leads/import'))).find((form) => form.does === 'imports.create')!;
    const { to } = await desk.send(upload, csv(`Name,E-mail\n${words} A,a.${Date.now()}@example.com\n${words} B,b.${Date.now()}@example.com\n`));
    return { at: to, id: to.split('/').pop()!, words };
}

/** Sends the form of an operation once, for what a scene needs before. */
async function step(desk: Sender, at: string, does: string) {
    const form = (await desk.forms(at)).find((form) => form.does === does);
    expect(form, `${at} has a form of ${does}`).toBeDefined();
    await desk.send(form!);
}

/** Signs in by the form of a page. */
async function signedIn(guest: Sender, at: string, who: string) {
    const form = (await guest.forms(at)).find((form) => form.does === at)!;
    await expect(async () => {
        // Two at a time for one account are let in, a third is asked to wait a second.
        const { status } = await guest.send(filled(form, { login: `${who}@demo.example`, password: password() }));
        expect(status).toBe(303);
    }).toPass({ intervals: [1500] });
}

const members = async (desk: Sender) =>
    (await desk.run('people.list_members', {})) as { id: string; email: string; name: string; roles: string[]; status: string }[];
const member = async (desk: Sender, who: Who) => (await members(desk)).find(({ email }) => email === `${who}@demo.example`)!;
const samuel = (desk: Sender) => member(desk, 'samuel');

const sessions = async (desk: Sender) => (await desk.run('people.list_sessions', {})).length;

/** How many of these keys open the pages of the platform. */
async function open(browser: Browser, keys: Set<string>) {
    const elsewhere = await stranger(browser);
    const answers = await Promise.all([...keys].map((key) => elsewhere.opens('/admin', `nexus-staff=${key}`)));
    return answers.filter(Boolean).length;
}

async function imported(desk: Sender, id: string, status: string) {
    await expect.poll(async () => (await desk.run('imports.get', { id })).status, { timeout: 20_000 }).toBe(status);
}

export const cases: Case[] = [
    {
        does: 'records.create',
        what: 'a call is written down',
        scene: async (desk) => {
            const { id } = await lead(desk);
            const words = name();
            const count = async () => ({ activities: await saying(desk, 'activities', words) });
            return { at: desk.at(`/leads/${id}`), typed: { 'values.subject': words }, count };
        },
    },
    {
        does: 'records.update',
        what: 'a record is edited',
        scene: async (desk) => {
            const { id } = await lead(desk);
            return {
                at: desk.at(`/leads/${id}/edit`),
                typed: { 'values.city': 'Kisumu' },
                count: async () => ({ changes: await history(desk, `/leads/${id}`), version: (await desk.api(`/leads/${id}`)).version }),
            };
        },
    },
    {
        does: 'records.update',
        what: 'a field is edited in its place',
        scene: async (desk) => {
            const { id } = await lead(desk);
            const count = async () => ({ changes: await history(desk, `/leads/${id}`) });
            return { at: desk.at(`/leads/${id}?edit=city`), typed: { 'values.city': 'Kisumu' }, count };
        },
    },
    {
        does: 'records.update',
        what: 'a card is moved to another day',
        scene: async (desk) => {
            const { id } = await desk.make('/tasks', { title: name(), dueOn: '2027-05-11' });
            return {
                at: desk.at('/tasks?view=calendar&on=2027-05-01&filter='),
                which: (form) => value(form, 'id') === id,
                typed: { 'values.dueOn': '2027-05-14' },
                count: async () => ({ changes: await history(desk, `/tasks/${id}`), version: (await desk.api(`/tasks/${id}`)).version }),
            };
        },
    },
    {
        does: 'records.update',
        what: 'a card is given to nobody on a board by owner',
        scene: async (desk) => {
            const { id, name } = await lead(desk);
            return {
                at: desk.at(`/leads?view=board&group=owner&filter=${encodeURIComponent(`name = "${name}"`)}`),
                which: (form) => form.fields.some(([key, said]) => key === 'values.owner' && said === ''),
                count: async () => ({ changes: await history(desk, `/leads/${id}`) }),
            };
        },
    },
    {
        does: 'records.update',
        what: 'of two that edited the same, one keeps what is theirs',
        scene: async (desk) => {
            const { id, version } = await lead(desk);
            const at = desk.at(`/leads/${id}/edit`);
            const stale = (await desk.forms(at)).find((form) => form.does === 'records.update')!;
            await desk.run('records.update', { entity: 'lead', id, version, values: { city: 'Nakuru' } });
            return {
                at,
                forms: async () => desk.read((await desk.send(filled(stale, { 'values.city': 'Kisumu' }))).text),
                count: async () => ({ changes: await history(desk, `/leads/${id}`) }),
            };
        },
    },
    {
        does: 'records.transition',
        what: 'a record is moved a step on',
        scene: async (desk) => {
            const { id } = await lead(desk);
            return {
                at: desk.at(`/leads/${id}`),
                which: (form) => value(form, 'to') === 'contacted',
                count: async () => ({ changes: await history(desk, `/leads/${id}`) }),
            };
        },
    },
    {
        does: 'records.transition',
        what: 'a card is moved on the board',
        scene: async (desk) => {
            const { id, name } = await lead(desk);
            return {
                at: desk.at(`/leads?view=board&filter=${encodeURIComponent(`name = "${name}"`)}`),
                which: (form) => value(form, 'to') === 'contacted',
                count: async () => ({ changes: await history(desk, `/leads/${id}`) }),
            };
        },
    },
    {
        does: 'records.transition',
        what: 'a move that asks for a value',
        scene: async (desk) => {
            const { id } = await lead(desk);
            const count = async () => ({ changes: await history(desk, `/leads/${id}`) });
            return { at: desk.at(`/leads/${id}?move=qualified`), typed: { 'values.company': name() }, count };
        },
    },
    {
        does: 'records.transition',
        what: 'an order is submitted',
        scene: async (own, browser) => {
            const { id } = await order(own, await desk(browser, 'john'));
            return {
                at: own.at(`/orders/${id}`),
                which: (form) => value(form, 'to') === 'submitted',
                count: async () => ({
                    changes: await history(own, `/orders/${id}`),
                    asked: (await own.run('workflow.list_approvals', { all: true })).filter((row: { record: string }) => row.record === id).length,
                }),
            };
        },
    },
    {
        does: 'records.transition',
        what: 'an order is shipped',
        scene: async (own, browser) => {
            const made = await order(own, await desk(browser, 'john'), 'approved', '0.00');
            await move(own, 'order', made, 'picking');
            return {
                at: own.at(`/orders/${made.id}`),
                which: (form) => value(form, 'to') === 'shipped',
                count: async () => ({ changes: await history(own, `/orders/${made.id}`) }),
            };
        },
    },
    {
        does: 'records.tick',
        what: 'an item of a checklist is ticked',
        scene: async (desk) => {
            const { id: of } = await customer(desk);
            const { id } = await desk.make('/opportunities', { name: name(), customer: of });
            return {
                at: desk.at(`/opportunities/${id}`),
                which: (form) => value(form, 'item') === 'insured',
                count: async () => ({ changes: await history(desk, `/opportunities/${id}`) }),
            };
        },
    },
    {
        does: 'records.delete',
        what: 'a record goes to the trash',
        scene: async (desk) => {
            const { id, name } = await lead(desk);
            return {
                at: desk.at(`/leads/${id}?delete=1`),
                count: async () => ({ trashed: (await desk.api(`/leads?trash=true&filter=${encodeURIComponent(`name = "${name}"`)}`)).length }),
            };
        },
    },
    {
        does: 'records.restore',
        what: 'a record comes back from the trash',
        scene: async (desk) => {
            const { id, name, version } = await lead(desk);
            await desk.run('records.delete', { entity: 'lead', id, version });
            const there = () => desk.api(`/leads?filter=${encodeURIComponent(`name = "${name}"`)}`);
            const count = async () => ({ there: (await there()).length, version: (await there())[0]?.version ?? version + 1 });
            return { at: desk.at(`/leads/${id}`), count };
        },
    },
    {
        does: 'records.put_back',
        what: 'the values of a version are put back',
        scene: async (desk) => {
            const { id, version } = await lead(desk);
            await desk.run('records.update', { entity: 'lead', id, version, values: { city: 'Kisumu' } });
            return { at: desk.at(`/leads/${id}/versions?version=1`), count: async () => ({ changes: await history(desk, `/leads/${id}`) }) };
        },
    },
    {
        does: 'records.merge',
        what: 'two records become one',
        scene: async (desk) => {
            const [kept, merged] = [await lead(desk), await lead(desk, { city: 'Kisumu' })];
            return { at: desk.at(`/leads/${kept.id}/merge?with=${merged.id}`), count: async () => ({ changes: await history(desk, `/leads/${merged.id}`) }) };
        },
    },
    {
        does: 'records.unmerge',
        what: 'a merge is taken back',
        scene: async (desk) => {
            const [kept, merged] = [await lead(desk), await lead(desk, { city: 'Kisumu' })];
            await desk.run('records.merge', { entity: 'lead', kept: kept.id, merged: merged.id });
            return { at: desk.at(`/leads/${kept.id}/merge`), count: async () => ({ changes: await history(desk, `/leads/${merged.id}`) }) };
        },
    },
    ...(['add', 'edit', 'pin', 'delete', 'restore'] as const).map(
        (verb): Case => ({
            does: `notes.${verb}`,
            what: `a note: ${verb}`,
            scene: async (desk) => {
                const { id } = await lead(desk);
                const of = { entity: 'lead', record: id };
                const note = verb === 'add' ? undefined : await desk.run('notes.add', { ...of, body: name() });
                if (verb === 'restore') await desk.run('notes.delete', { ...of, id: note.id });
                type Shown = { version: number; pinned: boolean; deleted: boolean };
                const notes = (): Promise<Shown[]> => desk.run('notes.list', of);
                const count = async () => {
                    const [one, ...more] = await notes();
                    const made = Number(one !== undefined) + more.length;
                    return {
                        add: { made },
                        edit: { edits: one?.version ?? 0 },
                        pin: { pinned: Number(one?.pinned ?? false) },
                        delete: { gone: Number(one?.deleted ?? false) },
                        restore: { there: Number(one ? !one.deleted : false) },
                    }[verb] as Count;
                };
                const at = verb === 'add' ? '?write=note' : verb === 'edit' ? `?note=${note.id}` : '?kind=notes';
                return { at: desk.at(`/leads/${id}${at}`), typed: { body: name() }, count };
            },
        }),
    ),
    ...(['upload', 'delete', 'restore'] as const).map(
        (verb): Case => ({
            does: `files.${verb}`,
            what: `a file of a record: ${verb}`,
            scene: async (desk) => {
                const { id } = await lead(desk);
                const of = { entity: 'lead', record: id };
                const made = verb === 'upload' ? undefined : await desk.run('files.upload', { ...of, name: 'a.txt', content: [...Buffer.from(name())] });
                if (verb === 'restore') await desk.run('files.delete', { ...of, id: made.id });
                const count = async () => {
                    const files: { deleted: boolean }[] = await desk.run('files.list', of);
                    return { files: files.filter((file) => file.deleted === (verb === 'delete')).length };
                };
                const at = desk.at(`/leads/${id}?${verb === 'upload' ? 'write=file' : 'kind=files'}`);
                if (verb !== 'upload') return { at, count };
                return { at, file: csv(`${name()}\n`, 'kept.txt'), count, anew: 'a file has to be chosen again' };
            },
        }),
    ),
    {
        does: 'crm.convert_lead',
        what: 'a lead becomes a customer with a deal',
        scene: async (desk) => {
            const company = name();
            const { id } = await lead(desk, { company });
            return {
                at: desk.at(`/leads/${id}?convert=1`),
                count: async () => ({
                    customers: await saying(desk, 'customers', company),
                    contacts: (await saying(desk, 'contacts', company)) && 1,
                    opportunities: (await desk.api(`/opportunities?filter=${encodeURIComponent(`name = "${company}"`)}`)).length,
                    changes: await history(desk, `/leads/${id}`),
                }),
            };
        },
    },
    {
        does: 'sales.make_order',
        what: 'a won deal becomes an order',
        scene: async (desk) => {
            const { id: of } = await customer(desk);
            const value = { amount: '10.00', currency: 'USD' };
            const deal = await desk.make('/opportunities', { name: name(), customer: of, value, closeOn: '2026-12-20' });
            await move(desk, 'opportunity', deal, 'won');
            return { at: desk.at(`/opportunities/${deal.id}`), count: async () => ({ orders: await saying(desk, 'orders', deal.id) }) };
        },
    },
    {
        does: 'sales.save_order_lines',
        what: 'the lines of an order are saved',
        scene: async (own, browser) => {
            const { id } = await order(own, await desk(browser, 'john'));
            return {
                at: own.at(`/orders/${id}/lines`),
                typed: { 'lines[1].description': name(), 'lines[1].unitPrice': '5', 'lines[1].quantity': '2' },
                count: async () => {
                    const { order, lines } = await own.run('sales.get_order', { id });
                    return { lines: lines.length, version: order.version };
                },
            };
        },
    },
    {
        does: 'workflow.read_notifications',
        what: 'what was told is marked as read',
        scene: async (desk) => {
            const members = (await desk.run('people.list_members', {})) as { id: string; email: string | null }[];
            const me = members.find((member) => member.email?.startsWith('grace'))!.id;
            const title = name();
            await desk.run('workflow.notify', { to: { member: me }, title, key: title });
            const told = async () => ((await desk.run('workflow.list_notifications', {})) as { id: string; title: string; readAt?: string }[]).find((row) => row.title === title)!;
            const { id } = await told();
            return {
                at: desk.at('/notifications'),
                which: (form) => value(form, 'ids[0]') === id && !value(form, 'ids[1]'),
                count: async () => ({ read: (await told()).readAt ? 1 : 0 }),
            };
        },
    },
    {
        does: 'workflow.snooze_notification',
        what: 'what was told is put off',
        scene: async (desk) => {
            const members = (await desk.run('people.list_members', {})) as { id: string; email: string | null }[];
            const me = members.find((member) => member.email?.startsWith('grace'))!.id;
            const title = name();
            await desk.run('workflow.notify', { to: { member: me }, title, key: title });
            const told = async () => ((await desk.run('workflow.list_notifications', {})) as { id: string; title: string }[]).find((row) => row.title === title);
            const { id } = (await told())!;
            return {
                at: desk.at('/notifications'),
                which: (form) => value(form, 'id') === id && value(form, 'until') === 'tomorrow',
                count: async () => ({ away: Number(!(await told())) }),
            };
        },
    },
    {
        does: 'workflow.decide_approval',
        what: 'an order is approved from the list',
        who: 'john',
        scene: async (boss, browser) => {
            const own = await desk(browser);
            const { id } = await order(own, boss, 'submitted');
            const asked = await approval(boss, id);
            return {
                at: boss.at('/approvals'),
                which: (form) => value(form, 'id') === asked.id,
                count: async () => ({
                    decisions: (await boss.run('workflow.get_approval', { id: asked.id })).decisions.length,
                    changes: await history(own, `/orders/${id}`),
                }),
            };
        },
    },
    {
        does: 'workflow.decide_approval',
        what: 'an order is rejected with a reason',
        who: 'john',
        scene: async (boss, browser) => {
            const own = await desk(browser);
            const { id } = await order(own, boss, 'submitted');
            const asked = await approval(boss, id);
            return {
                at: boss.at(`/approvals/${asked.id}`),
                which: (form) => value(form, 'decision') === 'reject',
                typed: { reason: 'Too cheap' },
                count: async () => ({
                    decisions: (await boss.run('workflow.get_approval', { id: asked.id })).decisions.length,
                    changes: await history(own, `/orders/${id}`),
                }),
            };
        },
    },
    {
        does: 'finance.record_payment',
        what: 'a part of an invoice is paid',
        scene: async (desk) => {
            const invoices = (await desk.api('/invoices?limit=100')) as { id: string; openAmount: { amount: string } }[];
            const { id } = invoices.find((invoice) => Number(invoice.openAmount.amount) > 100)!;
            const view = () => desk.run('finance.get_invoice', { id });
            return {
                at: desk.at(`/invoices/${id}?pay=1`),
                typed: { amount: '1.00', reference: name() },
                count: async () => {
                    const { invoice, payments } = await view();
                    const open = -Math.round(Number(invoice.openAmount.amount));
                    return { payments: payments.length, open, changes: await history(desk, `/invoices/${id}`) };
                },
            };
        },
    },
    {
        does: 'messaging.resend',
        what: 'a message is sent once more',
        scene: async (desk) => {
            const id = await message(desk);
            await expect.poll(async () => (await desk.api(`/messages/${id}`)).status).toBe('sandboxed');
            return { at: desk.at(`/messages/${id}`), count: async () => ({ messages: await saying(desk, 'messages', `"repeats":"${id}"`) }) };
        },
    },
    {
        does: 'messaging.cancel',
        what: 'a message is taken back',
        scene: async (desk) => {
            // The last of many still waits when the others are being delivered.
            const ids = await Promise.all(Array.from({ length: 20 }, () => message(desk)));
            const id = ids.sort().pop()!;
            return {
                at: desk.at(`/messages/${id}`),
                before: { cancelled: 0, changes: 1 },
                count: async () => ({
                    cancelled: Number((await desk.api(`/messages/${id}`)).status === 'cancelled'),
                    changes: await history(desk, `/messages/${id}`),
                }),
            };
        },
    },
    {
        does: 'imports.create',
        what: 'a file is uploaded',
        scene: async (desk) => {
            const file = csv(`Name,E-mail\n${name()},c.${Date.now()}@example.com\n`, `${name()}.csv`);
            const of = (all: { fileName: string }[]) => all.filter((one) => one.fileName === file.name).length;
            const count = async () => ({ imports: of(await desk.run('imports.list', { entity: 'lead' })) });
            return { at: desk.at('/leads/import'), file, count, anew: 'a file has to be chosen again' };
        },
    },
    {
        does: 'imports.map',
        what: 'the columns of a file are told',
        scene: async (desk) => {
            const { at, id } = await uploaded(desk);
            return { at, count: async () => ({ mapped: Number((await desk.run('imports.get', { id })).status !== 'uploaded') }) };
        },
    },
    {
        does: 'imports.start',
        what: 'a file is imported',
        scene: async (desk) => {
            const { at, id, words } = await uploaded(desk);
            await step(desk, at, 'imports.map');
            let before = true;
            return {
                at,
                grown: { leads: 2 },
                count: async () => {
                    if (!before) await imported(desk, id, 'done');
                    before = false;
                    return { leads: await saying(desk, 'leads', words) };
                },
            };
        },
    },
    {
        does: 'imports.undo',
        what: 'an import is taken back',
        scene: async (desk) => {
            const { at, id, words } = await uploaded(desk);
            await step(desk, at, 'imports.map');
            await step(desk, at, 'imports.start');
            await imported(desk, id, 'done');
            let before = true;
            return {
                at: `${at}?undo=1`,
                grown: { leads: -2 },
                count: async () => {
                    if (!before) await imported(desk, id, 'undone');
                    before = false;
                    return { leads: await saying(desk, 'leads', words) };
                },
            };
        },
    },
    {
        does: 'records.bulk',
        what: 'many records are given another value',
        scene: async (desk) => {
            const rows = [await lead(desk, { city: 'Nairobi' }), await lead(desk, { city: 'Nairobi' })];
            const anew = 'what is to be done is chosen again';
            const changed = async () => {
                const lengths = await Promise.all(rows.map(({ id }) => history(desk, `/leads/${id}`)));
                return lengths.reduce((sum, length) => sum + length, 0);
            };
            let before = true;
            return {
                at: desk.at(`/leads/bulk?${rows.map(({ id }) => `row=${id}`).join('&')}&field=city`),
                which: (form) => value(form, 'action') === 'set',
                typed: { 'values.city': 'Kisumu' },
                grown: { changes: 2 },
                anew,
                count: async () => {
                    if (!before) await expect(async () => expect(await changed()).toBeGreaterThanOrEqual(4)).toPass({ timeout: 30_000 });
                    before = false;
                    return { changes: await changed() };
                },
            };
        },
    },
    {
        does: 'exports.start',
        what: 'a file of many rows is written',
        scene: async (desk) => {
            const ids = async () => ((await desk.run('exports.list', {})) as { id: string }[]).map(({ id }) => id);
            const before = await ids();
            const count = async () => ({ exports: (await ids()).filter((id) => !before.includes(id)).length });
            return { at: desk.at('/exports?of=leads&format=csv'), count };
        },
    },
    {
        does: 'records.undo_bulk',
        what: 'a change of many records is taken back',
        scene: async (desk) => {
            const { id } = await lead(desk, { city: 'Nairobi' });
            const bulk = await desk.run('records.bulk', { entity: 'lead', action: 'set', ids: [id], values: { city: 'Kisumu' } });
            await expect(async () => expect((await desk.run('records.get_bulk', { id: bulk.id })).status).toBe('done')).toPass({ timeout: 30_000 });
            return { at: desk.at(`/bulk/${bulk.id}?undo=1`), count: async () => ({ changes: await history(desk, `/leads/${id}`) }) };
        },
    },
    {
        does: 'views.create',
        what: 'a list is saved as a view',
        scene: async (desk) => {
            const label = name();
            const anew = 'its name has to be typed again';
            const count = async () => ({ views: (await views(desk)).filter((view) => view.label === label).length });
            return { at: desk.at('/leads/views?sort=name'), typed: { label }, count, anew };
        },
    },
    {
        does: 'views.save',
        what: 'a view is given what is on the screen',
        scene: async (desk) => {
            const { id } = await desk.run('views.create', { entity: 'lead', label: name() });
            return { at: desk.at(`/leads?view=${id}&sort=name`), count: async () => ({ version: (await view(desk, id))!.version }) };
        },
    },
    {
        does: 'views.update',
        what: 'a view is renamed',
        scene: async (desk) => {
            const { id } = await desk.run('views.create', { entity: 'lead', label: name() });
            const count = async () => ({ version: (await view(desk, id))!.version });
            return { at: desk.at(`/leads/views?edit=${id}`), typed: { label: name() }, count };
        },
    },
    {
        does: 'views.move',
        what: 'a view is moved up',
        scene: async (desk) => {
            await desk.run('views.create', { entity: 'lead', label: name() });
            await desk.run('views.create', { entity: 'lead', label: name() });
            const { id } = await desk.run('views.create', { entity: 'lead', label: name() });
            const anew = 'it stands one place further up, and may be moved again';
            const place = async () => (await views(desk)).map((view) => view.id).reverse().indexOf(id);
            return {
                at: desk.at('/leads/views'),
                which: (form) => value(form, 'id') === id && value(form, 'up') === 'true',
                count: async () => ({ place: await place() }),
                anew,
            };
        },
    },
    {
        does: 'views.delete',
        what: 'a view is deleted',
        scene: async (desk) => {
            const { id } = await desk.run('views.create', { entity: 'lead', label: name() });
            const count = async () => ({ views: (await view(desk, id)) ? 1 : 0 });
            return { at: desk.at(`/leads/views?edit=${id}`), count, grown: { views: -1 } };
        },
    },
    {
        does: 'workflow.set_active',
        what: 'a workflow is switched on',
        scene: async (desk) => {
            const { id } = await workflow(desk, stuck);
            return { at: desk.at(`/workflows/${id}`), count: async () => ({ active: Number((await desk.run('workflow.get', { id })).active) }) };
        },
    },
    {
        does: 'workflow.edit_step',
        what: 'a step of a workflow is edited',
        scene: async (desk) => {
            const { id } = await workflow(desk, stuck);
            const count = async () => ({ versions: (await desk.run('workflow.get', { id })).versions.length });
            return { at: desk.at(`/workflows/${id}?step=only`), typed: { label: name() }, count };
        },
    },
    {
        does: 'workflow.cancel_run',
        what: 'a run is cancelled',
        scene: async (desk) => {
            const id = await started(desk, asking, 'WAITING_APPROVAL');
            const count = async () => ({ cancelled: Number((await desk.run('workflow.get_run', { id })).state === 'CANCELLED') });
            return { at: desk.at(`/runs/${id}`), count };
        },
    },
    {
        does: 'workflow.retry_run',
        what: 'a run that failed goes on',
        scene: async (desk) => {
            const id = await started(desk, stuck, 'FAILED');
            const count = async () => ({ tries: (await standing(desk, id, 'FAILED')).attempts.length });
            return { at: desk.at(`/runs/${id}`), count, anew: 'it has failed again meanwhile' };
        },
    },
    {
        does: 'company.save',
        what: 'the details of the company',
        scene: async (desk) => ({
            at: desk.at('/settings/company'),
            typed: { 'company.phone': `+254 700 ${String(Date.now()).slice(-6)}` },
            count: async () => ({ versions: (await desk.run('company.get', {})).version }),
        }),
    },
    {
        does: 'people.update_profile',
        what: 'one changes their profile',
        who: 'samuel',
        scene: async (desk) => {
            const count = async () => ({ names: Number((await desk.run('people.get_profile', {})).name === typed.name) });
            const typed = { name: `Samuel Njoroge ${(marks += 1)}` };
            return { at: desk.at('/settings/profile'), typed, count };
        },
    },
    {
        does: 'people.change_email',
        what: 'one asks for another address',
        who: 'samuel',
        scene: async (desk) => {
            const typed = { email: `samuel.${Date.now()}@example.com` };
            const count = async () => ({ asked: Number((await desk.run('people.get_profile', {})).pendingEmail === typed.email) });
            return { at: desk.at('/settings/profile'), typed, count };
        },
    },
    {
        does: 'workflow.choose_notifications',
        what: 'one says what one wants to be told',
        who: 'samuel',
        scene: async (desk) => {
            const wanted = async () => JSON.stringify(await desk.run('workflow.notification_kinds', {}));
            const before = await wanted();
            await desk.run('workflow.choose_notifications', { kinds: { mention: true } });
            const count = async () => ({ changed: Number((await wanted()) === before) });
            return { at: desk.at('/notifications?show=kinds'), typed: { 'kinds.assignment': 'true', 'kinds.stage': 'true', 'kinds.approval': 'true', 'kinds.workflow': 'true', 'kinds.failure': 'true' }, count };
        },
    },
    {
        does: 'onboarding.put_away',
        what: 'the first steps of a new workspace are put away',
        scene: async (desk, browser) => {
            const { own } = await newcomer(browser, desk);
            const [form] = (await own.forms('/workspaces/new')).filter(({ does }) => does === '/workspaces/new');
            const { to } = await own.send(filled(form, { industry: 'automotive', currency: 'KES', timezone: 'Africa/Nairobi', workspace: name() }));
            const at = /\/w\/[a-z0-9-]+/.exec(to)?.[0] ?? '';
            const count = async () => ({ away: Number(!(await own.page(at)).html.includes('First steps')) });
            return { at, by: own, count };
        },
    },
    {
        does: 'people.save_security',
        what: 'what the workspace asks is saved',
        scene: async (desk) => {
            const before = (await desk.run('people.get_security', {})).idleMinutes;
            const minutes = before === 240 ? '480' : '240';
            const idle = async () => String((await desk.run('people.get_security', {})).idleMinutes ?? 480);
            const count = async () => ({ saved: Number((await idle()) === minutes) });
            return { at: desk.at('/settings/security'), typed: { idleMinutes: minutes }, count };
        },
    },
    {
        does: 'audit.send_feedback',
        what: 'feedback is sent',
        scene: async (desk) => {
            const words = name();
            const of = (all: { text: string }[]) => all.filter((one) => one.text === words).length;
            const count = async () => ({ feedback: of((await desk.run('audit.list_feedback', {})).entries) });
            return { at: desk.at('/feedback'), typed: { text: words }, count };
        },
    },
    {
        does: 'people.add_location',
        what: 'a location is added',
        scene: async (desk) => {
            const words = name();
            const of = (all: { name: string }[]) => all.filter((one) => one.name === words).length;
            const count = async () => ({ locations: of(await desk.run('people.list_locations', {})) });
            return { at: desk.at('/settings/locations'), typed: { name: words }, count };
        },
    },
    {
        does: 'people.create_key',
        what: 'a key is made',
        scene: async (desk) => {
            const words = name();
            const of = (all: { name: string }[]) => all.filter((one) => one.name === words).length;
            const count = async () => ({ keys: of(await desk.run('people.list_keys', {})) });
            return { at: desk.at('/settings/keys'), typed: { access: 'read', name: words }, drawn: true, count };
        },
    },
    {
        does: 'people.revoke_key',
        what: 'a key is revoked',
        scene: async (desk) => {
            const { id } = await desk.run('people.create_key', { name: name(), access: 'read' });
            const of = (all: { id: string; state: string }[]) => all.filter((one) => one.id === id && one.state === 'active').length;
            const count = async () => ({ active: of(await desk.run('people.list_keys', {})) });
            return { at: desk.at('/settings/keys'), which: (form) => value(form, 'id') === id, grown: { active: -1 }, count };
        },
    },
    {
        does: 'people.create_role',
        what: 'a role is made',
        scene: async (desk) => {
            const words = name();
            const of = (all: { label: string }[]) => all.filter((one) => one.label.startsWith(words)).length;
            const count = async () => ({ roles: of(await desk.run('people.list_roles', {})) });
            return { at: desk.at('/settings/roles'), typed: { label: words }, count };
        },
    },
    {
        does: 'people.update_role',
        what: 'a role is changed',
        scene: async (desk) => {
            const { key } = await desk.run('people.create_role', { label: name() });
            const role = async () => (await desk.run('people.list_roles', {})).find((one: { key: string }) => one.key === key);
            return { at: desk.at(`/settings/roles/${key}`), typed: { about: name() }, count: async () => ({ version: (await role()).version }) };
        },
    },
    {
        does: 'people.delete_role',
        what: 'a role is deleted',
        scene: async (desk) => {
            const { key } = await desk.run('people.create_role', { label: name() });
            const of = (all: { key: string }[]) => all.filter((one) => one.key === key).length;
            const count = async () => ({ roles: of(await desk.run('people.list_roles', {})) });
            return { at: desk.at(`/settings/roles/${key}`), grown: { roles: -1 }, count };
        },
    },
    {
        does: 'people.invite',
        what: 'somebody is invited',
        scene: async (desk) => {
            const login = `invited.${Date.now()}@example.com`;
            const of = (all: { login: string }[]) => all.filter((one) => one.login === login).length;
            const count = async () => ({ invitations: of(await desk.run('people.list_invitations', {})) });
            return { at: desk.at('/settings/people?invite=1'), typed: { login }, count };
        },
    },
    ...(['people.resend_invitation', 'people.revoke_invitation'] as const).map((does) => ({
        does,
        what: 'of somebody invited',
        scene: async (desk: Sender) => {
            const login = `invited.${Date.now()}@example.com`;
            await desk.run('people.invite', { login, roles: ['USER'] });
            const all = async () => (await desk.run('people.list_invitations', {})) as { login: string; id: string }[];
            const of = async () => (await all()).filter((one) => one.login === login);
            const [{ id }] = await of();
            return {
                at: desk.at('/settings/people'),
                which: (form: Form) => value(form, 'id') === id,
                grown: { invitations: does === 'people.revoke_invitation' ? -1 : 0 },
                count: async () => ({ invitations: (await of()).length }),
            };
        },
    })),
    {
        does: 'people.update_member',
        what: 'a member is changed',
        scene: async (desk) => {
            const { id } = await samuel(desk);
            const typed = { name: `Samuel Njoroge ${(marks += 1)}` };
            return { at: desk.at(`/settings/people/${id}`), typed, count: async () => ({ names: Number((await samuel(desk)).name === typed.name) }) };
        },
    },
    {
        does: 'people.rename_location',
        what: 'a location is renamed',
        scene: async (desk) => {
            const { id } = await desk.run('people.add_location', { name: name() });
            const words = name();
            const of = (all: { name: string }[]) => all.filter((one) => one.name === words).length;
            const count = async () => ({ locations: of(await desk.run('people.list_locations', {})) });
            return { at: desk.at(`/settings/locations?rename=${id}`), typed: { name: words }, count };
        },
    },
    {
        does: 'people.set_roles',
        what: 'roles are given',
        scene: async (desk, browser) => {
            const { member: id } = await newcomer(browser, desk);
            const roles = async () => (await members(desk)).find((one) => one.id === id)!.roles;
            const count = async () => ({ set: Number((await roles()).includes('WAREHOUSE')) });
            return { at: desk.at(`/settings/people/${id}/roles`), typed: { 'roles.WAREHOUSE': 'true' }, count };
        },
    },
    {
        does: 'people.hand_over',
        what: 'what a member owns goes to another',
        scene: async (desk) => {
            const { id } = await samuel(desk);
            const { id: to } = await member(desk, 'john');
            const { id: owned } = await lead(desk, { owner: id });
            const owner = async () => (await desk.api(`/leads/${owned}`)).owner;
            let before = true;
            const count = async () => {
                if (!before) await expect.poll(owner, { timeout: 20_000 }).toBe(to);
                before = false;
                return { theirs: Number((await owner()) === to), changes: await history(desk, `/leads/${owned}`) };
            };
            return { at: desk.at(`/settings/people/${id}`), typed: { to }, count };
        },
    },
    {
        does: 'people.suspend_member',
        what: 'a member is suspended',
        scene: async (desk) => {
            const { id } = await samuel(desk);
            return { at: desk.at(`/settings/people/${id}`), count: async () => ({ suspended: Number((await samuel(desk)).status === 'suspended') }) };
        },
    },
    {
        does: 'people.restore_member',
        what: 'a member is restored',
        scene: async (desk) => {
            const { id } = await samuel(desk);
            return { at: desk.at(`/settings/people/${id}`), count: async () => ({ active: Number((await samuel(desk)).status === 'active') }) };
        },
    },
    {
        does: 'people.end_session',
        what: 'one is signed out elsewhere',
        who: 'samuel',
        scene: async (desk, browser) => {
            await signedIn(await stranger(browser), '/sign-in', 'samuel');
            const { id } = (await desk.run('people.list_sessions', {})).find((session: { current: boolean }) => !session.current);
            return {
                at: desk.at('/settings/sessions'),
                which: (form) => value(form, 'id') === id,
                grown: { sessions: -1 },
                count: async () => ({ sessions: await sessions(desk) }),
            };
        },
    },
    {
        does: 'people.end_other_sessions',
        what: 'one is signed out everywhere else',
        who: 'samuel',
        scene: async (desk, browser) => {
            await signedIn(await stranger(browser), '/sign-in', 'samuel');
            const count = async () => ({ others: Math.min(1, (await sessions(desk)) - 1) });
            return { at: desk.at('/settings/sessions'), grown: { others: -1 }, count };
        },
    },
    ...(['one', 'all'] as const).map((which) => ({
        does: 'people.end_member_sessions',
        what: `a member is signed out, of ${which}`,
        scene: async (desk: Sender, browser: Browser) => {
            const { member: of } = await newcomer(browser, desk);
            const list = async () => (await desk.run('people.list_member_sessions', { member: of })) as { id: string }[];
            const [{ id }] = await list();
            const one = which === 'one';
            return {
                at: desk.at(`/settings/people/${of}/sessions`),
                which: (form: Form) => value(form, 'id') === (one ? id : ''),
                grown: { sessions: -1 },
                count: async () => ({ sessions: one ? (await list()).filter((session) => session.id === id).length : Math.min(1, (await list()).length) }),
            };
        },
    })),
    {
        does: 'audit.undo',
        what: 'a change is taken back',
        scene: async (desk) => {
            const { id, version } = await lead(desk, { city: 'Kisumu' });
            const record = `/leads/${id}`;
            await desk.run('records.update', { entity: 'lead', id, version, values: { city: 'Nakuru' } });
            const [{ id: change }] = await desk.api(`${record}/timeline?limit=1`);
            return {
                at: desk.at(`/undo?change=${change}&back=${encodeURIComponent(desk.at(record))}`),
                count: async () => ({ taken: Number((await desk.api(record)).city === 'Kisumu'), changes: await history(desk, record) }),
            };
        },
    },
    {
        does: '/sign-in',
        what: 'one signs in',
        who: 'nobody',
        scene: async (_, browser) => {
            const own = await desk(browser, 'samuel');
            return {
                at: '/sign-in',
                typed: { login: 'samuel@demo.example', password: password() },
                inTurn: true,
                count: async () => ({ sessions: await sessions(own) }),
            };
        },
    },
    {
        does: '/sign-out',
        what: 'one signs out',
        who: 'nobody',
        scene: async (guest, browser) => {
            const own = await desk(browser, 'samuel');
            await signedIn(guest, '/sign-in', 'samuel');
            return { at: guest.at('/settings'), grown: { sessions: -1 }, count: async () => ({ sessions: await sessions(own) }) };
        },
    },
    {
        does: '/preferences',
        what: 'the look of pages is kept',
        scene: async (desk) => ({
            at: desk.at('/settings'),
            which: (form) => value(form, 'theme') === 'dark',
            count: async () => ({ looks: (await desk.cookies('nexus_look')).length }),
        }),
    },
    {
        does: '/admin/sign-in',
        what: 'staff sign in',
        who: 'nobody',
        scene: async (guest, browser) => {
            const keys = new Set<string>();
            return {
                at: '/admin/sign-in',
                typed: { login: 'admin@demo.example', password: password() },
                inTurn: true,
                sent: async () => (await guest.cookies('nexus-staff')).forEach((key) => keys.add(key)),
                count: async () => ({ sessions: await open(browser, keys) }),
            };
        },
    },
    {
        does: '/admin/sign-out',
        what: 'staff sign out',
        who: 'nobody',
        scene: async (guest, browser) => {
            await signedIn(guest, '/admin/sign-in', 'admin');
            const keys = new Set(await guest.cookies('nexus-staff'));
            return { at: '/admin', grown: { sessions: -1 }, count: async () => ({ sessions: await open(browser, keys) }) };
        },
    },
    {
        does: '/account/password',
        what: 'one chooses another password',
        scene: async (desk, browser) => {
            const { own, member: id } = await newcomer(browser, desk);
            const count = async () => ({ sessions: Math.min(1, (await desk.run('people.list_member_sessions', { member: id })).length) });
            return {
                at: desk.at('/settings/profile'),
                by: own,
                typed: { current: secret, password: `Another ${mark} of mine` },
                grown: { sessions: 0 },
                count,
            };
        },
    },
    {
        does: '/workspaces/new',
        what: 'one makes another workspace',
        scene: async (desk, browser) => {
            const { own } = await newcomer(browser, desk);
            const all = async () => (await (await own.request.get('/api/v1/auth/me')).json()).data.workspaces.length;
            return {
                at: '/workspaces/new',
                by: own,
                typed: { industry: 'automotive', currency: 'KES', timezone: 'Africa/Nairobi', workspace: name() },
                count: async () => ({ workspaces: await all() }),
                anew: 'the page drawn anew is for one more',
            };
        },
    },
    {
        does: 'people.leave',
        what: 'one leaves the workspace',
        scene: async (desk, browser) => {
            const { own, member: id } = await newcomer(browser, desk);
            const count = async () => ({ left: Number((await members(desk)).find((one) => one.id === id)?.status === 'left') });
            return { at: desk.at('/settings/profile?leave=1'), by: own, count };
        },
    },
];

/** What a control asks for, as briefly as it may be answered. */
function answer(control: Control, words: string): string {
    if (control.choices.length) return control.choices[0];
    if (control.longest <= 3) return 'JPY';
    switch (control.kind) {
        case 'date':
            return '2026-11-30';
        case 'decimal':
        case 'numeric':
        case 'number':
            // Another one each time, or it would be asked about.
            return String(1 + (Date.now() % 97));
        case 'email':
            return `${words.replace(/\W/g, '')}@example.com`;
        default:
            return words.slice(-control.longest);
    }
}

/** The form of a new row of any entity, with what it cannot do without, and words of its own by which the row is found. */
export async function creation(desk: Sender, list: string): Promise<Scene | undefined> {
    const at = desk.at(`/${list}/new`);
    const form = (await desk.forms(at)).find((form) => form.does === 'records.create');
    if (!form) return undefined;
    const words = name();
    const wanted = form.asks.filter((control) => control.required && !control.value);
    const telling = (control: Control) => ['text', 'textarea'].includes(control.kind) && control.longest > words.length;
    if (!wanted.some(telling)) wanted.push(...form.asks.filter(telling).slice(0, 1));
    const total = async () => (await desk.request.get(desk.at(`/api/v1/${list}?limit=1&count=exact`))).json();
    return {
        at,
        typed: Object.fromEntries(wanted.map((control) => [control.name, answer(control, words)])),
        // Where nothing may be written freely, nobody else makes any.
        count: async () => ({ rows: wanted.some(telling) ? await saying(desk, list, words) : (await total()).pagination.total }),
    };
}
