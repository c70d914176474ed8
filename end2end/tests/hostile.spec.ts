// Hostile texts in a real browser (D-05): records, settings, documents and messages named by what would run if anything of it became markup. The
// payloads are those that the server's tests look for in the HTML of every page.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { filled, sender, Sender } from './forms';
import { expect, signIn, test, unchecked } from './support';

const payloads: string[] = JSON.parse(readFileSync(join(__dirname, '../../server/tests/it/stored/payloads.json'), 'utf8'));

/** What a page did that it should not. */
interface Detector {
    ran: string[];
    refused: string[];
}

/** A workspace of its own, so that no other spec meets these names. */
async function workspace(desk: Sender, slug: string) {
    const form = (await desk.forms('/workspaces/new')).find(({ does }) => does === '/workspaces/new');
    expect(form, 'a form for a workspace').toBeDefined();
    const typed = { workspace: `Hostile ${slug}`, slug, industry: 'automotive', currency: 'KES', timezone: 'Africa/Nairobi' };
    const answer = await desk.send(filled(form!, typed));
    expect(answer.status, answer.text).toBe(303);
}

async function fill(desk: Sender) {
    const paths: string[] = [];
    let customer = '';
    for (const payload of payloads) {
        const lead = await desk.make('/leads', { name: payload, company: payload, city: payload, notes: payload });
        customer = (await desk.make('/customers', { name: payload, notes: payload })).id;
        paths.push(`/leads/${lead.id}`);
    }
    // Some texts take no letter that cannot be printed.
    const printed = payloads.filter((payload) => !/[\u0000-\u001f\u2028\u2029]/.test(payload));
    const all = printed.join(' ').slice(0, 1900);
    await desk.run('company.save', { version: 0, company: { legalName: payloads[0], address: all, bank: payloads[2], paymentInstructions: all, invoiceNote: all } });
    await desk.run('workflow.notify', { to: { role: 'OWNER' }, title: payloads[1], key: 'hostile' });
    const steps = [{ key: 'look', type: 'branch', input: { if: "task.title != ''", else: 'end' } }];
    const workflow = await desk.run('workflow.save', { definition: { key: 'hostile', name: payloads[4], trigger: { on: 'by_hand', entity: 'task' }, steps } });
    const lines = printed.slice(0, 20).map((description) => ({ description, quantity: '1', unitPrice: '10' }));
    const { order } = await desk.run('sales.make_order', { customer, reference: payloads[5], notes: all, lines });
    const values = { customer: { name: payloads[0] }, invoice: { invoiceNumber: payloads[3], dueDate: '2026-12-20', totalAmount: { amount: '1.00', currency: 'KES' } } };
    const { message } = await desk.run('messaging.send', { template: 'invoice_notification', to: 'canary@kisumu.example', key: 'hostile', values });
    return [
        ...paths,
        `${paths[0]}/edit`,
        `${paths[4]}/edit`,
        `${paths[6]}?convert=1`,
        `${paths[0]}/why`,
        '',
        '/leads?view=everything&limit=100',
        '/leads?view=board',
        '/customers?limit=100',
        `/leads?search=${encodeURIComponent(payloads[0])}`,
        `/leads?filter=${encodeURIComponent(payloads[2])}`,
        `/leads?sort=${encodeURIComponent(payloads[4])}`,
        `/go?q=${encodeURIComponent(payloads[1])}`,
        '/go?q=pwn',
        `/help?q=${encodeURIComponent(payloads[1])}`,
        '/settings/company',
        '/settings/audit',
        '/workflows',
        `/workflows/${workflow.id}`,
        `/orders/${order.id}`,
        `/orders/${order.id}/lines`,
        `/orders/${order.id}/document`,
        `/messages/${message}`,
        `/messages/${message}/content.html`,
        `/leads/${encodeURIComponent(payloads[0])}`,
        `/${encodeURIComponent(payloads[2])}`,
    ].map(desk.at);
}

test('nothing that was typed runs', async ({ page, browser, complaints }, info) => {
    test.skip(info.project.name === 'no-js', 'nothing runs there in any case');
    test.setTimeout(240_000);
    const slug = `hostile-${info.project.name}-${Date.now() % 100_000}`;
    const maker = await sender(browser, 'daniel');
    await workspace(maker, slug);
    const desk = new Sender(maker.request, page, slug);
    const paths = await fill(desk);
    const found: string[] = [];
    await page.exposeFunction('pwn', (number: unknown) => found.push(`ran ${number} on ${page.url()}`));
    page.on('dialog', (dialog) => {
        found.push(`a dialog on ${page.url()}`);
        void dialog.dismiss();
    });
    page.on('request', (request) => {
        if (/pwn-/.test(new URL(request.url()).host)) found.push(`asked for ${request.url()}`);
    });
    await page.addInitScript(() => {
        const detector: Detector = { ran: [], refused: [] };
        Object.defineProperty(window, '__detector', { value: detector });
        document.addEventListener('securitypolicyviolation', (event) => detector.refused.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
    });
    await signIn(page, 'daniel', `/w/${slug}`);
    let shown = 0;
    for (const path of paths) {
        await page.goto(path, { waitUntil: 'load' });
        // Fields that take the focus by themselves and pictures that fail do so right after.
        await page.waitForTimeout(50);
        const seen = await page.evaluate(() => {
            const odd = [...document.querySelectorAll('*')].filter(
                (node) => node.localName.includes('pwn') || [...node.attributes].some(({ name, value }) => /^on|pwn/.test(name) || (/^(href|src|action|formaction|srcdoc)$/.test(name) && /^\s*(javascript|data:text|vbscript)/i.test(value))),
            );
            const { refused } = (window as unknown as { __detector: Detector }).__detector;
            const fields = [...document.querySelectorAll('input, textarea')].map((field) => (field as HTMLInputElement).value).join(' ');
            return { odd: odd.map((node) => node.outerHTML.slice(0, 120)), refused, text: `${document.body.innerText} ${document.title} ${fields}` };
        });
        found.push(...[...seen.odd, ...seen.refused].map((what) => `${path}: ${what}`));
        shown += seen.text.split('pwn').length - 1;
    }
    // A form that is refused and drawn again with what was typed.
    await page.goto(desk.at('/leads/new'));
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill(payloads[2]);
    await page.getByRole('textbox', { name: 'E-mail', exact: true }).fill(payloads[4]);
    await unchecked(page);
    await page.getByRole('button', { name: /^(Save|Create)/ }).click();
    await expect(page.getByRole('textbox', { name: 'Name', exact: true })).toHaveValue(payloads[2]);
    console.log(`bar=D-05 browser=${info.project.name} pages=${paths.length + 1} shown=${shown} found=${found.length} pass=${found.length ? 0 : 1}`);
    expect(found).toEqual([]);
    expect(shown).toBeGreaterThan(500);
    // The detector itself, which the frame of a mail lets in as little as any other script.
    const own = /^error: Blocked script execution in '[^']*content\.html'/;
    complaints.splice(0, complaints.length, ...complaints.filter((complaint) => !own.test(complaint)));
});
