// People who come by a link in a mail. The server of the specs sends none: what it would send lies in its outbox.
import { type Browser, type Page } from '@playwright/test';
import { createHmac } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from './support';
import { filled, stranger, type Sender } from './forms';

const outbox = join(process.env.E2E_DATA_DIR ?? '', 'outbox');
export const secret = 'another horse battery staple';

/** Path of the link in the newest mail of this template to this address, once it is there. */
export async function link(template: string, to: string): Promise<string> {
    let path = '';
    await expect(async () => {
        const files = existsSync(outbox) ? readdirSync(outbox).filter((file) => file.endsWith(`-${template}.txt`)) : [];
        const texts = files.sort().reverse().map((file) => readFileSync(join(outbox, file), 'utf8'));
        const text = texts.find((text) => text.startsWith(`To: ${to}\n`)) ?? '';
        path = /^https?:\/\/[^/]+(\/\S+)$/m.exec(text)?.[1] ?? '';
        expect(path, `a mail ${template} to ${to}`).not.toBe('');
    }).toPass({ timeout: 15_000 });
    return path;
}

let people = 0;

/** Somebody new in the workspace of whoever invites: their browser, their member and what they sign in with. */
export async function newcomer(browser: Browser, boss: Sender, roles = ['USER']) {
    const login = `newcomer.${Date.now()}.${(people += 1)}@example.com`;
    await boss.run('people.invite', { login, roles });
    const at = await link('invitation', login);
    const own = await stranger(browser);
    const [form] = await own.forms(at);
    const { status } = await own.send(filled(form, { name: `New ${login.split('@')[0]}`, password: secret }));
    expect(status).toBe(303);
    await own.page(boss.at('/leads'));
    const members = (await boss.run('people.list_members', {})) as { id: string; email: string }[];
    return { own, login, member: members.find(({ email }) => email === login)!.id };
}

/** What an authenticator app shows for this key now (RFC 6238). */
export function code(seed: string, step = Math.floor(Date.now() / 30_000)): string {
    const bits = [...seed.replace(/\s/g, '')].map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')).join('');
    const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE(BigInt(step));
    const hash = createHmac('sha1', key).update(counter).digest();
    const at = hash[19] & 15;
    return String((hash.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

export const press = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true }).first().click();
