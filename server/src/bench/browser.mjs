// Loads a page in Chromium again and again, each time with nothing cached, and notes when its rows could be read and when its keys were
// heard; in turns with the bare page of the ceiling, which nobody's keys are heard on. `nexus bench` hands it to Node.js; what is to be loaded
// stands in BENCH_PAGE, what came of it is the last line.
import { existsSync } from 'node:fs';

const { address, path, cookie, bare, rows, loads } = JSON.parse(process.env.BENCH_PAGE);
const answer = (said) => console.log(JSON.stringify(said));

/** Where a Chromium is: the setting, or Playwright's own download. */
async function found() {
    let chromium;
    try {
        ({ chromium } = await import('@playwright/test'));
    } catch {
        return { absent: 'no Playwright in node_modules' };
    }
    const executablePath = process.env.CHROMIUM || chromium.executablePath();
    return existsSync(executablePath) ? { chromium, executablePath } : { absent: 'no Chromium' };
}

/** Runs in the page before anything of it. Both moments are milliseconds after the browser set out. */
function watch({ rows, keys }) {
    const seen = {};
    const readable = new Promise((done) => {
        const frame = () => {
            if (document.querySelectorAll('tbody tr').length < rows) return requestAnimationFrame(frame);
            // The frame that has the rows is painted once it is over.
            requestAnimationFrame(() => setTimeout(() => done((seen.readable = performance.now()))));
        };
        requestAnimationFrame(frame);
    });
    const press = (key, more) =>
        !document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more }));
    const interactive = new Promise((done) => {
        if (!keys) return done();
        let walks = false;
        const timer = setInterval(() => {
            if (!document.body) return;
            // Whoever hears a key keeps it from the browser: first the rows, then the palette, which would take all further keys.
            walks ||= press('j');
            if (!walks || !press('k', { ctrlKey: true })) return;
            clearInterval(timer);
            done((seen.interactive = performance.now()));
        }, 4);
    });
    // What lies on the way there, by which a late moment is understood.
    window.benchSeen = Promise.all([readable, interactive]).then(() => {
        const [page] = performance.getEntriesByType('navigation');
        const style = performance.getEntriesByType('resource').find((entry) => entry.name.endsWith('.css'));
        const painted = performance.getEntriesByName('first-contentful-paint')[0];
        const way = { answered: page.responseStart, arrived: page.responseEnd, styled: style?.responseEnd, painted: painted?.startTime };
        return { ...seen, way };
    });
}

async function load(browser, url, keys) {
    // Of its own, so that it has no cache.
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB' });
    let timer;
    try {
        const pairs = cookie.split('; ').map((pair) => pair.split(/=(.*)/s));
        await context.addCookies(pairs.map(([name, value]) => ({ name, value, url: address })));
        const page = await context.newPage();
        await page.addInitScript(watch, { rows, keys });
        const went = await page.goto(url, { waitUntil: 'commit' });
        if (went?.status() !== 200) throw new Error(`${url} answered ${went?.status()}`);
        const late = new Promise((_, fail) => {
            timer = setTimeout(fail, 30_000, new Error('the page was not ready within 30 s'));
        });
        return await Promise.race([page.evaluate(() => window.benchSeen), late]);
    } finally {
        clearTimeout(timer);
        await context.close();
    }
}

const { chromium, executablePath, absent } = await found();
if (absent) {
    answer({ absent });
} else {
    // Nothing that the browser does on its own account may blur a measurement.
    const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'];
    args.push('--disable-background-networking', '--disable-component-update');
    const browser = await chromium.launch({ executablePath, args });
    const [moments, baseline] = [[], []];
    // The first one pays for the browser's own start.
    for (let number = 0; number <= loads; number++) {
        const least = await load(browser, bare, false);
        const seen = await load(browser, address + path, true);
        if (number === 0) continue;
        baseline.push(least.readable);
        moments.push(seen);
    }
    await browser.close();
    const ways = {};
    for (const { way } of moments) for (const [name, at] of Object.entries(way)) (ways[name] ??= []).push(at ?? 0);
    answer({ bare: baseline, readable: moments.map((seen) => seen.readable), interactive: moments.map((seen) => seen.interactive), ways });
}
