// See scripts/bars. Reads bars.toml as far as it goes: tables, texts and lists of texts.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const bars = new Map();
let bar;
for (const line of readFileSync('server/tests/bars.toml', 'utf8').split('\n')) {
    const table = line.match(/^\[([A-Z]-\d+)\]$/);
    const says = line.match(/^says = "(.*)"$/);
    const tests = line.match(/^tests = \[(.*)\]$/);
    const features = line.match(/^features = "(.*)"$/);
    const command = line.match(/^command = "(.*)"$/);
    if (table) bars.set(table[1], (bar = { says: '', features: '', command: '', tests: [] }));
    else if (says) bar.says = says[1];
    else if (features) bar.features = features[1];
    else if (command) bar.command = command[1];
    else if (tests) bar.tests = [...tests[1].matchAll(/"([^"]*)"/g)].map((found) => found[1]);
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((id) => !bars.has(id));
if (unknown.length > 0) {
    console.error(`There is no promise ${unknown.join(', ')}; server/tests/bars.toml lists them.`);
    process.exit(2);
}
const chosen = [...bars].filter(([id]) => wanted.length === 0 || wanted.includes(id));
// "it catalogue::x" is a test of the binary `it`; without a binary it is a unit test. "browser x.spec.ts: title" is a test of end2end/tests.
const browser = (test) => test.match(/^browser (\S+): (.*)$/);
const name = (test) => browser(test)?.slice(1).join(' ') ?? test.split(' ').pop();
// A name that ends in :: is a module with every test in it; any other is that test alone.
const pattern = (test) => `(^|::)${name(test)}${name(test).endsWith('::') ? '' : '$'}`;
const all = [...new Set(chosen.flatMap(([, { tests }]) => tests))];
const specs = [...new Set(all.filter(browser).map((test) => browser(test)[1]))];
// What stands behind a feature is in another build: that of the two packages that have it.
const builds = [...new Set(chosen.map(([, { features }]) => features))].sort();
const filter = (features) => {
    const tests = chosen.filter(([, bar]) => bar.features === features).flatMap(([, { tests }]) => tests);
    return [...new Set(tests.filter((test) => !browser(test)).map(pattern))].map((test) => `test(/${test}/)`).join(' | ');
};
// What the suite leaves out because it measures time or takes long is named by promises too: it is run here. Those that measure have the machine
// for themselves (.config/nextest.toml).
const run = (features) => {
    const build = features ? ['-p', 'nexus-platform', '-p', 'nexus', '--features', features] : [];
    const loud = ['--no-fail-fast', '--success-output', 'immediate', '--status-level', 'pass'];
    return ['nextest', 'run', ...build, '--run-ignored', 'all', ...loud, '-E', filter(features)];
};

const results = new Map();
const figures = new Map();
const read = (line) => {
    const plain = line.replace(/\u001b\[[0-9;]*m/g, '');
    const status = plain.match(/^\s+(PASS|LEAK|FAIL|LEAK-FAIL|TIMEOUT|ABORT|SIG[A-Z]+)\s+\[[^\]]*\]\s+(?:\(\s*\d+\/\d+\)\s+)?(\S+)\s+(\S+)$/);
    // Two binaries may have a test of the same name.
    if (status) results.set(status[3], (status[1] === 'PASS' || status[1] === 'LEAK') && results.get(status[3]) !== false);
    const seen = plain.match(/^\s+([✓✘])\s+\d+ \[[^\]]*\] › (\S+?):\d+:\d+ › (.*?)(?: \([\d.]+m?s\))?$/);
    if (seen) {
        const title = `${seen[2].split('/').pop()} ${seen[3]}`;
        results.set(title, seen[1] === '✓' && results.get(title) !== false);
    }
    const figure = plain.match(/bar=(\S+)\s+(.*)$/);
    if (figure) for (const id of figure[1].split(',')) figures.set(id, new Set(figures.get(id)).add(figure[2]));
    if (/^\s*(Compiling|Finished|error|Summary)/.test(plain)) console.error(plain.trim());
};
/** Runs a command to its end and reads what it says, well or not. */
const listen = (command, args) =>
    new Promise((ended) => {
        const run = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
        createInterface({ input: run.stdout }).on('line', read);
        createInterface({ input: run.stderr }).on('line', read);
        run.on('close', ended);
    });
for (const features of builds) if (filter(features)) await listen('cargo', run(features));
// Against what was built last, like `make e2e`.
if (specs.length > 0) await listen('scripts/e2e', specs);
// Commands take long, and say themselves what they find.
const aloud = ([program, ...args]) =>
    new Promise((ended) => spawn(program, args, { stdio: 'inherit' }).on('close', ended));
for (const [id, { command }] of chosen) {
    if (command && wanted.includes(id)) results.set(command, (await aloud(command.split(' '))) === 0);
}

/** What came of a test: nothing where it was not run. */
const outcomes = (test) => {
    if (browser(test)) return results.has(name(test)) ? [name(test)] : [];
    const fits = new RegExp(pattern(test));
    return [...results.keys()].filter((ran) => fits.test(ran));
};

let broken = 0;
let apart = 0;
console.log('');
for (const [id, { says, tests, command }] of chosen) {
    if (command && !results.has(command)) {
        apart += 1;
        console.log(`${id}  apart             ${says}\n      by itself: scripts/bars ${id} (${command})`);
        continue;
    }
    const found = new Set(command ? [command] : tests.flatMap(outcomes));
    // Held is what every one of its tests holds: one that was left out could have said otherwise.
    const unseen = command ? [] : tests.filter((test) => outcomes(test).length === 0);
    const failed = [...found].some((test) => !results.get(test));
    const state = failed ? 'BROKEN' : unseen.length > 0 || found.size === 0 ? 'NOT RUN' : 'held';
    broken += state === 'held' ? 0 : 1;
    const lines = [...(figures.get(id) ?? []), ...unseen.map((test) => `not run: ${test}`)];
    console.log([`${id}  ${state.padEnd(8)} ${String(found.size).padStart(2)} tests  ${says}`, ...lines].join('\n      '));
}
const here = chosen.length - apart;
console.log(`\n${here - broken} of ${here} promises are held${apart > 0 ? `, ${apart} are run apart` : ''}`);
process.exit(broken === 0 ? 0 : 1);
