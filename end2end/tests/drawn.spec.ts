// How a browser comes from nothing to a page that can be read.
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { expect, signIn, test } from './support';

/** Answers as the server at `base` does, but a page arrives in two parts, the second of them late: `cut` says where, `whole` hears of it. */
async function slowly(base: string, cut: (page: string) => number, whole: () => void) {
    const answer = (from: IncomingMessage, to: ServerResponse) => {
        const onward = request(new URL(from.url ?? '/', base), { method: from.method, headers: { ...from.headers, 'accept-encoding': 'identity' } });
        onward.on('response', async (heard) => {
            to.writeHead(heard.statusCode ?? 500, heard.headers);
            if (!heard.headers['content-type']?.startsWith('text/html')) return heard.pipe(to);
            const pieces: Buffer[] = [];
            for await (const piece of heard) pieces.push(piece);
            const page = Buffer.concat(pieces).toString();
            to.write(page.slice(0, cut(page)));
            await new Promise((waited) => setTimeout(waited, 1500));
            whole();
            to.end(page.slice(cut(page)));
        });
        from.pipe(onward);
    };
    const server = createServer(answer);
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.closeAllConnections() };
}

test('a list is laid out once, when all of it is there, and in its own font', async ({ page, baseURL, javaScriptEnabled }) => {
    await signIn(page, 'john', '/w/lakeside');
    // What the browser says of its own painting, with and without scripts, and when the page was there.
    const events: string[] = [];
    const proxy = await slowly(
        baseURL ?? '',
        (text) => text.indexOf('</tr>', text.indexOf('<tbody>') + 6000),
        () => events.push('whole'),
    );
    await page.addInitScript(() => {
        const seen: number[] = [];
        Object.assign(window, { seen });
        const look = () => {
            seen.push(document.querySelectorAll('tbody tr').length);
            requestAnimationFrame(look);
        };
        requestAnimationFrame(look);
    });
    const browser = await page.context().newCDPSession(page);
    await browser.send('Page.enable');
    await browser.send('Page.setLifecycleEventsEnabled', { enabled: true });
    browser.on('Page.lifecycleEvent', ({ name }) => {
        // Each document begins with the first; events of the one before it are not those of this page.
        if (name === 'init') events.length = 0;
        if (name === 'firstPaint') events.push('painted');
    });
    await page.goto(`${proxy.origin}/w/lakeside/leads?sort=name`);
    await expect.poll(() => events).toContain('painted');
    expect(events, 'painted once it was whole').toEqual(['whole', 'painted']);
    const rows = await page.locator('tbody tr').count();
    expect(rows).toBeGreaterThan(20);
    if (javaScriptEnabled !== false) {
        const frames = await page.evaluate(() => (window as unknown as { seen: number[] }).seen);
        expect(frames.filter((seen) => seen > 0 && seen < rows), 'frames with a part of the rows').toEqual([]);
    }
    // Asked for by the page and not first by its style sheet, whose letters would be exchanged under the reader's eyes.
    const fonts = await page.evaluate(() =>
        performance.getEntriesByType('resource').filter((entry) => entry.name.endsWith('.woff2')).map((entry) => (entry as PerformanceResourceTiming).initiatorType),
    );
    expect(fonts).toContain('link');
    proxy.close();
});
