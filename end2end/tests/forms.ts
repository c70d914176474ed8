// The writing forms of a page as data, and people who send them without looking: what a browser would post, as often as a spec likes.
import { type APIRequestContext, type Browser, type Page } from '@playwright/test';
import { expect, signIn, type Who } from './support';

/** A control that asks a person for something. */
export interface Control {
    name: string;
    kind: string;
    required: boolean;
    value: string;
    /** Of a choice, the empty one left out. */
    choices: string[];
    longest: number;
}

/** A form that writes, with one of its buttons pressed. */
export interface Form {
    /** The operation that it runs, or the path that it posts to. */
    does: string;
    action: string;
    fields: [string, string][];
    asks: Control[];
}

/** The writing forms of a page; runs in the browser, which knows best what a form would send. */
function read(html: string): Omit<Form, 'does'>[] {
    const page = new DOMParser().parseFromString(html, 'text/html');
    return [...page.forms]
        .filter((form) => form.getAttribute('method') === 'post')
        .flatMap((form) => {
            const action = form.getAttribute('action') ?? '';
            const controls = [...form.elements] as (HTMLInputElement | HTMLSelectElement)[];
            const asks = controls
                .filter((control) => control.name && !['hidden', 'submit', 'fieldset', 'button'].includes(control.type))
                .map((control) => ({
                    name: control.name,
                    kind: control.type === 'text' ? control.getAttribute('inputmode') || 'text' : control.type,
                    required: control.required,
                    value: control.value,
                    choices: control instanceof HTMLSelectElement ? [...control.options].map((option) => option.value).filter(Boolean) : [],
                    longest: Number(control.getAttribute('maxlength') ?? 100_000),
                }));
            const buttons = controls.filter((control) => control.type === 'submit' && !control.disabled && !control.hasAttribute('formmethod'));
            // Buttons without a name send the same.
            const distinct = new Map(buttons.map((button) => [`${button.name}=${button.value}`, button]));
            return [...distinct.values()].map((button) => ({
                action,
                fields: [...new FormData(form, button)].filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
                asks,
            }));
        });
}

/** Of a form only what tells it from others. */
export interface Outline {
    does: string;
    key: string;
}

/** The writing forms of a page and the paths that it leads to, read as text: pages by the hundred would keep a browser busy. */
export function outlines(html: string): { forms: Outline[]; links: string[] } {
    const plain = (text = '') => text.replace(/&quot;/g, '"').replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&');
    const forms = [...html.matchAll(/<form\b([^>]*)>([^]*?)<\/form>/g)]
        .filter(([, head]) => /\bmethod="post"/.test(head))
        .map(([, head, body]) => {
            const action = plain(/\baction="([^"]*)"/.exec(head)?.[1]);
            return { does: does(action), key: plain(/name="_key" value="([^"]*)"/.exec(body)?.[1]) };
        });
    const links = [...html.matchAll(/\bhref="(\/(?!\/)[^"#]*)/g)].map(([, href]) => plain(href));
    return { forms, links };
}

/** What a form posts to is named after the operation that it runs. */
function does(action: string): string {
    const operation = /^\/w\/[^/]+\/do\/(.+)$/.exec(action);
    if (/^\/w\/[^/]+\/[^/]+\/[^/]+\/files$/.test(action)) return 'files.upload';
    return operation ? operation[1] : /^\/w\/[^/]+\/[^/]+\/import$/.test(action) ? 'imports.create' : action.replace(/^\/w\/[^/]+(?=\/account\/)/, '');
}

export const value = (form: Form, name: string) => form.fields.find(([key]) => key === name)?.[1] ?? '';

/** The form with what a person types into it. */
export function filled(form: Form, typed: Record<string, string>): Form {
    const kept = form.fields.filter(([name]) => !(name in typed));
    return { ...form, fields: [...kept, ...Object.entries(typed)] };
}

export interface Answer {
    status: number;
    /** Where it leads, if it does. */
    to: string;
    text: string;
}

/** Whoever sends forms: signed in as a browser is, and as quick as a machine. */
export class Sender {
    constructor(
        readonly request: APIRequestContext,
        private readonly reader: Page,
        readonly workspace = 'lakeside',
    ) {}

    private readonly headers = { 'sec-fetch-site': 'same-origin', accept: 'text/html' };

    at = (path: string) => `/w/${this.workspace}${path}`;

    read = async (html: string): Promise<Form[]> => (await this.reader.evaluate(read, html)).map((form) => ({ does: does(form.action), ...form }));

    async page(path: string) {
        const answer = await this.request.get(path, { headers: { accept: 'text/html' } });
        return { status: answer.status(), html: await answer.text() };
    }

    forms = async (path: string) => this.read((await this.page(path)).html);

    /** Sends a form and does not follow where it leads. */
    async send(form: Form, file?: { name: string; mimeType: string; buffer: Buffer }): Promise<Answer> {
        const multipart = file && { ...Object.fromEntries(form.fields), file };
        const headers = { ...this.headers, 'content-type': 'application/x-www-form-urlencoded' };
        const plain = { data: new URLSearchParams(form.fields).toString(), headers };
        const body = multipart ? { multipart, headers: this.headers } : plain;
        const answer = await this.request.post(form.action, { ...body, maxRedirects: 0 });
        return { status: answer.status(), to: answer.headers().location ?? '', text: await answer.text() };
    }

    async api(path: string) {
        const answer = await this.request.get(this.at(`/api/v1${path}`));
        expect(answer.ok(), `${path}: ${await answer.text()}`).toBe(true);
        return (await answer.json()).data;
    }

    async make(path: string, data: object) {
        const answer = await this.request.post(this.at(`/api/v1${path}`), { data, headers: { 'sec-fetch-site': 'same-origin' } });
        expect(answer.ok(), `${path}: ${await answer.text()}`).toBe(true);
        return (await answer.json()).data;
    }

    /** Values of a cookie. */
    async cookies(name: string): Promise<string[]> {
        const { cookies } = await this.request.storageState();
        return cookies.filter((cookie) => cookie.name === name).map((cookie) => cookie.value);
    }

    /** Whether a page opens for whoever has this cookie. */
    opens = async (path: string, cookie: string) => (await this.request.get(path, { headers: { cookie }, maxRedirects: 0 })).status() === 200;

    run = (operation: string, input: object) => this.make(`/operations/${operation}`, input);
}

/** A browser in which nobody has signed in yet. */
export async function stranger(browser: Browser) {
    const context = await browser.newContext({ javaScriptEnabled: false });
    return new Sender(context.request, await context.newPage());
}

/** Somebody who sends forms, in a browser of their own. */
export async function sender(browser: Browser, who: Who) {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await signIn(page, who, '/w/lakeside/settings');
    await page.goto('about:blank');
    return new Sender(context.request, page);
}
