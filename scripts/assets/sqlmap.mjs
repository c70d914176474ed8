// See scripts/sqlmap. Makes a request file for every route and operation that takes parameters, gives each to sqlmap, and counts.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

const { E2E_BASE_URL: base, E2E_DATA_DIR: data, SQLMAP: sqlmap, PSQL: psql, NEXUS: nexus, SCRATCH: scratch } = process.env;
const flags = new Map(process.argv.slice(2).filter((word) => word.startsWith('--')).map((word) => word.slice(2).split('=')));
const word = process.argv.slice(2).find((argument) => !argument.startsWith('--')) ?? '';
const level = flags.get('level') ?? '1';
const risk = flags.get('risk') ?? '1';
const from = Number(flags.get('from') ?? 1);
const most = Number(flags.get('most') ?? Infinity);
const jobs = Number(flags.get('jobs') ?? 2);
const end = Date.now() + Number(flags.get('minutes') ?? 600) * 60_000;
const host = new URL(base).host;

/** Somebody who may do everything in the demo's first workspace. */
async function signIn() {
    const password = readFileSync(join(data, 'demo-password'), 'utf8').trim();
    const body = new URLSearchParams({ login: 'grace@demo.example', password });
    const answer = await fetch(`${base}/sign-in`, { method: 'POST', body, redirect: 'manual', headers: { origin: base } });
    const cookies = answer.headers.getSetCookie().map((line) => line.split(';')[0]);
    if (answer.status !== 303 || cookies.length === 0) throw new Error(`nobody could sign in: ${answer.status}`);
    return cookies.join('; ');
}

const cookie = await signIn();
const ask = async (path) => (await fetch(`${base}/w/lakeside/api/v1${path}`, { headers: { cookie } })).json();
const first = async (entity) => (await ask(`/${entity}?limit=1`)).data?.[0]?.id ?? '0199a000-0000-7000-8000-000000000000';
const ids = new Map();
for (const entity of ['leads', 'customers', 'products', 'orders', 'invoices', 'ledger-accounts', 'messages']) ids.set(entity, await first(entity));

/** Requests by name, each as its lines. A star stands where the value of a path is tried. */
const requests = new Map();
const plant = (name, method, path, kind, body = '') => {
    const head = [`${method} ${path} HTTP/1.1`, `Host: ${host}`, `Cookie: ${cookie}`, 'Sec-Fetch-Site: same-origin', 'Accept: text/html, application/json'];
    if (body) head.push(`Content-Type: ${kind}`, `Content-Length: ${Buffer.byteLength(body)}`);
    requests.set(name, `${head.join('\r\n')}\r\n\r\n${body}`);
};
const form = 'application/x-www-form-urlencoded';
const json = 'application/json';

const lists = { filter: 'name = "a"', sort: 'name', search: 'amina', status: 'new', limit: '10', cursor: 'a', fields: 'name', count: 'exact', trash: '1', view: 'mine', q: 'amina', offset: '1' };
// What pages read that list nothing.
const asked = { tab: 'a', show: 'all', edit: 'name', q: 'amina' };
const isList = (path) => /\/api\/|\/\{entity\}$|export|audit|\/go$/.test(path);
const routes = execFileSync(nexus, ['routes'], { encoding: 'utf8', env: { ...process.env, NEXUS_BASE_URL: base } }).trim().split('\n').map((line) => JSON.parse(line));
for (const { method, path, mutates } of routes) {
    if (/sign-out|password|second-factor|sign-up|\{industry\}/.test(path)) continue;
    const usual = (path) => path.replace('{workspace}', 'lakeside').replace('{entity}', 'leads').replace('{id}', ids.get('leads')).replace('{key}', 'USER').replace('{name}', 'qualify').replace('{operation}', 'records.create').replace('{token}', 'a');
    for (const [part] of path.matchAll(/\{(?!workspace)\w+\}/g)) {
        const tried = usual(path.replace(part, '\0')).replace('\0', `${{ '{entity}': 'leads', '{id}': ids.get('leads'), '{key}': 'USER', '{name}': 'qualify' }[part] ?? 'a'}*`);
        plant(`${method} ${path} ${part}`, method, tried, json, mutates ? '{"name":"a"}' : '');
    }
    if (!mutates && /\{workspace\}/.test(path)) plant(`${method} ${path} ?`, method, `${usual(path)}?${new URLSearchParams(isList(path) ? lists : asked)}`);
}
for (const entity of ['customers', 'orders', 'invoices', 'tasks', 'opportunities']) {
    plant(`GET ${entity} ?`, 'GET', `/w/lakeside/api/v1/${entity}?${new URLSearchParams({ ...lists, filter: 'number = "a"', sort: 'number', fields: 'number', status: '' })}`);
}
plant('POST /sign-in', 'POST', '/sign-in', form, new URLSearchParams({ login: 'a@demo.example', password: 'a', next: '/' }).toString());
const lead = { entity: 'lead', 'values.name': 'a', 'values.email': 'a@demo.example', 'values.city': 'a', 'values.notes': 'a', 'values.value': '1', 'values.value.currency': 'KES', _page: '/w/lakeside/leads/new', _next: '/w/lakeside/leads' };
plant('POST form records.create', 'POST', '/w/lakeside/do/records.create', form, new URLSearchParams(lead).toString());
plant('POST api leads', 'POST', '/w/lakeside/api/v1/leads', json, JSON.stringify({ name: 'a', email: 'a@demo.example', city: 'a', notes: 'a', value: { amount: '1', currency: 'KES' } }));
plant('PATCH api leads', 'PATCH', `/w/lakeside/api/v1/leads/${ids.get('leads')}`, json, JSON.stringify({ name: 'a', city: 'a', version: 1 }));
// Every operation with the input by which the matrix calls it.
const matrix = readFileSync('server/tests/it/matrix/operations.toml', 'utf8');
const kinds = { customer: 'customers', product: 'products', order: 'orders', invoice: 'invoices', account: 'ledger-accounts', message: 'messages' };
for (const row of matrix.split(/^(?=\[")/m)) {
    const name = /^\["([\w.]+)"\]/.exec(row)?.[1] ?? '';
    const input = /^input = '(.*)'$/m.exec(row)?.[1];
    if (!input || input === '{}' || /session|leave|suspend|password|email|second|delete_role/.test(name)) continue;
    const about = /^about = "(\w+)"$/m.exec(row)?.[1];
    const id = ids.get(kinds[about] ?? 'leads');
    plant(`POST operation ${name}`, 'POST', `/w/lakeside/api/v1/operations/${name}`, json, input.replaceAll('{id}', id).replaceAll('{me}', id).replaceAll('{key}', '1'));
}

let files = 0;
/** One request file through sqlmap: how many parameters were tried and which were found. */
function run(name, content, more = []) {
    const number = (files += 1);
    const file = join(scratch, `request-${number}.txt`);
    writeFileSync(file, content);
    const args = ['-r', file, '--batch', `--level=${level}`, `--risk=${risk}`, '--technique=BEUST', '--dbms=postgresql', '--flush-session', '--disable-coloring', '--time-sec=2', '--ignore-code=*', '--drop-set-cookie', `--output-dir=${join(scratch, `out-${number}`)}`, ...more];
    return new Promise((done) => {
        const child = execFile(sqlmap, args, { encoding: 'utf8', maxBuffer: 1 << 28, timeout: Math.max(10_000, end - Date.now()) }, (error, out) => {
            const plain = out ?? '';
            const tried = new Set([...plain.matchAll(/testing for SQL injection on (.*)$/gm)].map(([, what]) => what));
            const refuted = new Set([...plain.matchAll(/(.*parameter .*) does not seem to be injectable/gm)].map(([, what]) => what));
            const found = [...plain.matchAll(/^Parameter: (.*)$/gm)].map(([, what]) => what);
            const cut = child.signalCode !== null;
            const odd = plain.match(/\[CRITICAL\] (?!all tested parameters do not appear).*/)?.[0] ?? '';
            done({ name, tried: tried.size, cleared: refuted.size, found, cut, odd });
        });
    });
}

/** The hole that is there on purpose: a server of five lines over the same database that pastes what it is given into its query. */
async function control() {
    const socket = readFileSync(join(data, 'pg', 'postmaster.pid'), 'utf8').split('\n')[4];
    const server = createServer((request, response) => {
        const word = new URL(request.url, base).searchParams.get('word') ?? '';
        const query = `select word from (values ('amina'), ('john')) words (word) where word = '${word}'`;
        const child = spawn(psql, ['-X', '-A', '-t', '-h', socket, '-U', 'nexus_app', '-d', 'nexus', '-c', query]);
        const out = [];
        child.stdout.on('data', (bytes) => out.push(bytes));
        child.on('close', (code) => response.writeHead(code === 0 ? 200 : 500).end(`<p>${Buffer.concat(out)}</p>`));
    });
    await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
    const hole = await run('the hole', `GET /?word=amina HTTP/1.1\r\nHost: 127.0.0.1:${server.address().port}\r\n\r\n`);
    server.close();
    if (hole.found.length !== 1) throw new Error(`sqlmap does not find the hole that is there on purpose, so it would find none: ${JSON.stringify(hole)}`);
    console.log(`the hole that is there on purpose is found: ${hole.found[0]}`);
}

await control();
const due = [...requests].filter(([name]) => name.includes(word));
let [tried, cleared, done] = [0, 0, 0];
const found = [];
const cut = [];
const left = due.slice(from - 1);
/** Several at once: sqlmap itself waits for one answer after the other. */
async function worker() {
    while (left.length > 0 && tried < most && Date.now() < end) {
        const [name, content] = left.shift();
        const result = await run(name, content);
        done += 1;
        tried += result.tried;
        cleared += result.cleared;
        if (result.found.length > 0) found.push(`${name}: ${result.found.join(', ')}`);
        if (result.cut || (result.tried === 0 && result.odd)) cut.push(`${name}: ${result.odd || 'time was over'}`);
        console.log(`${String(from - 1 + done).padStart(4)} of ${due.length}  ${result.tried} parameters, ${result.found.length} found  ${name}${result.odd ? `  ${result.odd}` : ''}`);
    }
}
await Promise.all(Array.from({ length: jobs }, worker));
for (const line of found) console.log(`INJECTABLE ${line}`);
console.log(`bar=E-01 level=${level} risk=${risk} requests=${from}..${from - 1 + done} of=${due.length} parameters=${tried} cleared=${cleared} injectable=${found.length} control=1 not_tried=${cut.length} pass=${found.length === 0 ? 1 : 0}`);
process.exit(found.length === 0 ? 0 : 1);
