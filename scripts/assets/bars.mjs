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
const all = [...new Set(chosen.flatMap(([, { tests }]) => tests))];
const specs = [...new Set(all.filter(browser).map((test) => browser(test)[1]))];
// What stands behind a feature is in another build: that of the two packages that have it.
const builds = [...new Set(chosen.map(([, { features }]) => features))].sort();
const filter = (features) => {
    const tests = chosen.filter(([, bar]) => bar.features === features).flatMap(([, { tests }]) => tests);
    return [...new Set(tests.filter((test) => !browser(test)).map(name))].map((test) => `test(/(^|::)${test}/)`).join(' | ');
};
const run = (features) => {
    const build = features ? ['-p', 'nexus-platform', '-p', 'nexus', '--features', features] : [];
    return ['nextest', 'run', ...build, '--no-fail-fast', '--success-output', 'immediate', '--status-level', 'pass', '-E', filter(features)];
};

const results = new Map();
const figures = new Map();
const read = (line) => {
    const plain = line.replace(/\u001b\[[0-9;]*m/g, '');
    const status = plain.match(/^\s+(PASS|FAIL|TIMEOUT|SIGABRT|SIGSEGV|LEAK)\s+\[[^\]]*\]\s+(?:\(\s*\d+\/\d+\)\s+)?(\S+)\s+(\S+)$/);
    if (status) results.set(status[3], status[1] === 'PASS' || status[1] === 'LEAK');
    const seen = plain.match(/^\s+([✓✘])\s+\d+ \[[^\]]*\] › (\S+?):\d+:\d+ › (.*?)(?: \([\d.]+m?s\))?$/);
    if (seen) {
        const title = `${seen[2].split('/').pop()} ${seen[3]}`;
        results.set(title, seen[1] === '✓' && results.get(title) !== false);
    }
    const figure = plain.match(/bar=(\S+)\s+(.*)$/);
    if (figure) for (const id of figure[1].split(',')) figures.set(id, figure[2]);
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

let broken = 0;
let apart = 0;
console.log('');
for (const [id, { says, tests, command }] of chosen) {
    if (command && !results.has(command)) {
        apart += 1;
        console.log(`${id}  apart             ${says}\n      by itself: scripts/bars ${id} (${command})`);
        continue;
    }
    if (command) tests.push(command);
    const found = [...results].filter(([test]) => tests.some((wanted) => test === wanted || test === name(wanted) || test.startsWith(name(wanted))));
    const unseen = found.length === 0 || tests.some((test) => browser(test) && !results.has(name(test)));
    const held = !unseen && found.every(([, passed]) => passed);
    broken += held ? 0 : 1;
    const state = unseen ? 'NOT RUN' : held ? 'held' : 'BROKEN';
    console.log(`${id}  ${state.padEnd(8)} ${String(found.length).padStart(2)} tests  ${says}${figures.has(id) ? `\n      ${figures.get(id)}` : ''}`);
}
const here = chosen.length - apart;
console.log(`\n${here - broken} of ${here} promises are held${apart > 0 ? `, ${apart} are run apart` : ''}`);
process.exit(broken === 0 ? 0 : 1);
