// See scripts/kill-jobs. Starts each job as somebody at the list does, kills the server whenever another part of it is done, and counts.
import { execFileSync, spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const { NEXUS: nexus, PSQL: psql, FOLDER: folder } = process.env;
const flags = new Map(process.argv.slice(2).map((word) => word.replace(/^--/, '').split('=')));
const change = Number(flags.get('change') ?? 100_000);
const kills = Number(flags.get('kills') ?? 3);
const only = (flags.get('only') ?? 'import,bulk,export').split(',');
const workspace = '/w/bench';
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const since = (began) => `${Math.round((Date.now() - began) / 1000)} s`;

class Server {
    /** Resident megabytes when idle, and the most that one of the servers had. */
    idle = 0;
    most = 0;

    async start() {
        const log = openSync(join(folder, 'kill-jobs.log'), 'a');
        const limits = Object.fromEntries(['ADDRESS', 'MEMBER', 'WORKSPACE'].map((whom) => [`NEXUS_LIMIT_${whom}`, '1000000']));
        const env = { PATH: process.env.PATH, HOME: process.env.HOME, LEPTOS_SITE_ROOT: process.env.LEPTOS_SITE_ROOT, ...limits };
        this.child = spawn(nexus, [], { env: { ...env, NEXUS_DATA_DIR: folder, NEXUS_SITE_ADDR: '127.0.0.1:0' }, stdio: ['ignore', 'pipe', log] });
        this.base = await new Promise((found, failed) => {
            let said = '';
            this.child.stdout.on('data', (bytes) => {
                said += bytes;
                const address = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0];
                if (address) found(address);
            });
            this.child.on('exit', () => failed(new Error(`the server ended before it was ready; ${folder}/kill-jobs.log says why`)));
        });
    }

    memory(name) {
        return Number(new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync(`/proc/${this.child.pid}/status`, 'utf8'))[1]) / 1024;
    }

    look() {
        this.most = Math.max(this.most, this.memory('VmHWM'));
    }

    async kill() {
        this.look();
        const gone = new Promise((done) => this.child.on('exit', done));
        this.child.kill('SIGKILL');
        await gone;
        await this.start();
    }

    async stop() {
        const gone = new Promise((done) => this.child.on('exit', done));
        this.child.kill('SIGTERM');
        await gone;
    }

    async signIn() {
        const body = new URLSearchParams({ login: 'member-1@bench.example', password: readFileSync(join(folder, 'bench-password'), 'utf8').trim() });
        const answer = await fetch(`${this.base}/sign-in`, { method: 'POST', body, redirect: 'manual', headers: { origin: this.base } });
        if (answer.status !== 303) throw new Error(`nobody could sign in: ${answer.status}`);
        this.cookie = answer.headers.getSetCookie().map((line) => line.split(';')[0]).join('; ');
    }

    async ask(path, more = {}) {
        return fetch(`${this.base}${workspace}${path}`, { redirect: 'manual', ...more, headers: { cookie: this.cookie, origin: this.base, ...more.headers } });
    }

    async run(name, input) {
        const headers = { 'content-type': 'application/json', accept: 'application/json' };
        const answer = await this.ask(`/api/v1/operations/${name}`, { method: 'POST', body: JSON.stringify(input), headers });
        const text = await answer.text();
        if (answer.status !== 200) throw new Error(`${name} answered ${answer.status}: ${text}`);
        return JSON.parse(text).data;
    }
}

function sql(query) {
    const socket = readFileSync(join(folder, 'pg', 'postmaster.pid'), 'utf8').split('\n')[4];
    return JSON.parse(execFileSync(psql, ['-X', '-A', '-t', '-h', socket, '-U', 'nexus_admin', '-d', 'nexus', '-c', query], { encoding: 'utf8' }));
}

/** Looks until the job is at its end; kills the server each time that another part of it is done. */
async function worked(server, name, total, look) {
    const began = Date.now();
    const steps = [];
    let deaths = 0;
    for (;;) {
        const { open, done, error } = await look();
        server.look();
        if (error) throw new Error(`${name} failed: ${error}`);
        if (!open) break;
        if (deaths < kills && done >= (total * (deaths + 1)) / (kills + 1)) {
            deaths += 1;
            steps.push(`${done} after ${since(began)}`);
            await server.kill();
        }
        await sleep(100);
    }
    console.log(`${name}: killed at ${steps.join(', ') || 'no time'}; done after ${since(began)}`);
    if (deaths < kills) throw new Error(`${name} was over before it was killed ${kills} times`);
}

const wrong = [];
/** One line for each job. */
function judge(server, name, figures, expected) {
    const off = Object.keys(expected).filter((key) => figures[key] !== expected[key]);
    if (off.length > 0) wrong.push(`${name}: ${off.map((key) => `${key} is ${figures[key]}, not ${expected[key]}`).join('; ')}`);
    const memory = `idle_mb=${server.idle.toFixed(0)} most_mb=${server.most.toFixed(0)}`;
    console.log(`job=${name} kills=${kills} ${Object.entries(figures).map(([key, figure]) => `${key}=${figure}`).join(' ')} ${memory} pass=${off.length === 0 ? 1 : 0}`);
    server.most = 0;
}

/** What the table and the trail tell of one job. */
const trail = (kind, id, more = 'true') => `
select json_build_object('told', count(*), 'twice', coalesce(sum(times - 1), 0)) from (
    select record_id, count(*) as times from changes where cause_kind = '${kind}' and cause_id = '${id}' and entity = 'lead' and ${more} group by 1
) told`;
const tenant = "tenant_id = (select id from tenants where slug = 'bench')";

async function importing(server) {
    const run = Date.now();
    const lines = ['Name,E-mail,City'];
    for (let number = 0; number < change; number += 1) lines.push(`Imported ${number},row${number}.${run}@kill.example,Kisumu`);
    const form = new FormData();
    form.append('file', new Blob([lines.join('\n')], { type: 'text/csv' }), 'leads.csv');
    const to = (await server.ask('/leads/import', { method: 'POST', body: form })).headers.get('location') ?? '';
    const id = to.split('/imports/')[1];
    const { mapping } = await server.run('imports.get', { id });
    await server.run('imports.map', { id, mapping });
    await server.run('imports.start', { id });
    const status = async () => server.run('imports.get', { id });
    await worked(server, 'import', change, async () => {
        const { status: now, done, error } = await status();
        return { open: now !== 'done', done, error };
    });
    const { created, refused } = await status();
    const there = sql(`select json_build_object('rows', count(*), 'addresses', count(distinct email)) from leads where ${tenant} and email like '%.${run}@kill.example'`);
    judge(server, 'import', { created, refused, ...there, ...sql(trail('import', id, "operation <> 'imports.undo'")) }, { created: change, refused: 0, rows: change, addresses: change, told: change, twice: 0 });
    await server.run('imports.undo', { id });
    await worked(server, 'import_undo', change, async () => {
        const now = await status();
        return { open: now.status === 'undoing', done: now.removed + now.kept, error: now.error };
    });
    const left = sql(`select json_build_object('rows', count(*)) from leads where ${tenant} and email like '%.${run}@kill.example' and deleted_at is null`);
    judge(server, 'import_undo', left, { rows: 0 });
}

async function bulk(server) {
    const city = `Killed ${Date.now()}`;
    const last = sql(`select to_json(max(created_at)) from (select created_at from leads where ${tenant} and deleted_at is null order by created_at limit ${change}) made`);
    const filter = `createdAt <= "${new Date(last).toISOString()}"`;
    const { id } = await server.run('records.bulk', { entity: 'lead', action: 'set', all: true, filter, values: { city } });
    const status = async () => server.run('records.get_bulk', { id });
    const counted = (word) => sql(`select json_build_object('rows', count(*)) from leads where ${tenant} and city = '${word}'`);
    await worked(server, 'bulk', change, async () => {
        const now = await status();
        return { open: ['queued', 'running'].includes(now.status), done: now.changed, error: now.error };
    });
    const there = await status();
    judge(server, 'bulk', { changed: there.changed, refused: there.refused, ...counted(city), ...sql(trail('bulk', id)) }, { changed: change, refused: 0, rows: change, told: change, twice: 0 });
    await server.run('records.undo_bulk', { id });
    await worked(server, 'bulk_undo', change, async () => {
        const now = await status();
        return { open: now.status === 'undoing', done: now.reverted + now.kept, error: now.error };
    });
    const back = await status();
    judge(server, 'bulk_undo', { reverted: back.reverted, kept: back.kept, ...counted(city), ...sql(trail('bulk', id, "operation = 'records.undo_bulk'")) }, { reverted: change, kept: 0, rows: 0, told: change, twice: 0 });
}

async function exporting(server) {
    const total = sql(`select count(*) from leads where ${tenant} and deleted_at is null`);
    // Leaving with so much wants a sign-in of the last minutes.
    await server.signIn();
    const { id } = await server.run('exports.start', { entity: 'lead', format: 'csv', fields: 'number,name,city,owner' });
    const status = async () => server.run('exports.get', { id });
    await worked(server, 'export', total, async () => {
        const now = await status();
        return { open: ['queued', 'running'].includes(now.status), done: now.rows, error: now.error };
    });
    await server.signIn();
    const file = await server.ask(`/exports/${id}/file`);
    if (file.status !== 200) throw new Error(`the file answered ${file.status}`);
    // Each row begins with its number, and no made lead has a line within a cell.
    const [numbers, decoder] = [new Set(), new TextDecoder()];
    let [lines, rest] = [0, ''];
    for await (const piece of file.body) {
        const whole = (rest + decoder.decode(piece, { stream: true })).split('\n');
        rest = whole.pop();
        for (const line of whole) {
            numbers.add(line.slice(0, line.indexOf(',')));
            lines += 1;
        }
    }
    server.look();
    judge(server, 'export', { lines: lines - 1, numbers: numbers.size - 1, rest: rest.length }, { lines: total, numbers: total, rest: 0 });
}

const server = new Server();
await server.start();
try {
    await server.signIn();
    await sleep(10_000);
    server.idle = server.memory('VmRSS');
    for (const [name, work] of Object.entries({ import: importing, bulk, export: exporting })) {
        if (only.includes(name)) await work(server);
    }
} finally {
    await server.stop();
}
for (const line of wrong) console.log(`WRONG ${line}`);
process.exit(wrong.length === 0 ? 0 : 1);
