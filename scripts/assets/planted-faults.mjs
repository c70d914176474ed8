// See scripts/planted-faults. A fault is a patch whose head says which promise it breaks and which tests have to see it.
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { join, resolve } from 'node:path';

const folder = resolve('server/tests/faults');
const faults = readdirSync(folder).filter((name) => name.endsWith('.patch')).sort().map((name) => {
    const text = readFileSync(join(folder, name), 'utf8');
    const head = Object.fromEntries(text.split('\n\n', 1)[0].split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2)));
    const files = [...text.matchAll(/^\+\+\+ b\/(.*)$/gm)].map((found) => found[1]);
    const [id] = name.split('-', 1);
    return { id, name: name.slice(id.length + 1, -6), path: join(folder, name), files, ...head, tests: head.tests.split(', ') };
});

const wanted = process.argv.slice(2);
const unknown = wanted.filter((id) => faults.every((fault) => fault.id !== id));
if (unknown.length > 0) {
    console.error(`There is no fault ${unknown.join(', ')}; server/tests/faults lists them.`);
    process.exit(2);
}
const chosen = faults.filter(({ id }) => wanted.length === 0 || wanted.includes(id));

const git = (...args) => execFileSync('git', args, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
// Under one name: what was built for it serves the next run.
const home = join(process.env.CARGO_TARGET_DIR, 'planted-faults');
rmSync(home, { recursive: true, force: true });
git('worktree', 'add', '--detach', '--force', home, 'HEAD');
const leave = () => {
    git('worktree', 'remove', '--force', home);
};
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => (leave(), process.exit(130)));

const short = (test) => test.split(' ').pop();
const filter = (tests) => [...new Set(tests.map(short))].map((test) => `test(=${test})`).join(' | ');

/** Builds a package, with a feature where a fault stands behind one, and runs tests of it: which passed and which did not, or what the compiler said. */
function run(packages, tests, features) {
    const args = ['nextest', 'run', '--no-fail-fast', '--retries', '0', '--status-level', 'all', '--failure-output', 'never'];
    for (const name of packages) args.push('-p', name);
    if (features) args.push('--features', features);
    const env = { ...process.env, NO_COLOR: '1', CARGO_TERM_COLOR: 'never' };
    const done = spawnSync(process.env.CARGO ?? 'cargo', [...args, '-E', filter(tests)], { cwd: home, env, encoding: 'utf8', maxBuffer: 1 << 28 });
    const said = `${done.stdout}\n${done.stderr}`;
    const results = new Map();
    for (const line of said.split('\n')) {
        const found = line.match(/^\s+(PASS|LEAK|FAIL|TIMEOUT|ABORT|SIG[A-Z]+)\s+\[[^\]]*\]\s+(?:\(\s*\d+\/\d+\)\s+)?\S+\s+(\S+)$/);
        if (found) results.set(found[2], found[1] === 'PASS' || found[1] === 'LEAK');
    }
    // 100 is what nextest says when tests failed; anything else but 0 is no answer.
    return { answered: done.status === 0 || done.status === 100, results, said };
}

let unseen = 0;
try {
    // A fault is seen only by a test that is content without it.
    const clean = { answered: true, results: new Map(), said: '' };
    for (const features of new Set(chosen.map((fault) => fault.features))) {
        const these = chosen.filter((fault) => fault.features === features);
        const packages = [...new Set(these.map((fault) => fault.package))];
        const { answered, results, said } = run(packages, these.flatMap(({ tests }) => tests), features);
        clean.answered &&= answered;
        clean.said += said;
        for (const [test, passed] of results) clean.results.set(test, passed);
    }
    const broken = chosen.flatMap(({ tests }) => tests).filter((test) => clean.results.get(short(test)) !== true);
    if (!clean.answered || broken.length > 0) {
        console.log(clean.said.split('\n').slice(-30).join('\n'));
        console.log(`Without any fault, these do not pass: ${[...new Set(broken)].join(', ')}`);
        process.exitCode = 1;
    } else {
        console.log(`Without a fault, ${clean.results.size} tests pass`);
        for (const fault of chosen) {
            const began = Date.now();
            const verdict = plant(fault);
            unseen += verdict.seen ? 0 : 1;
            const seconds = Math.round((Date.now() - began) / 1000);
            console.log(`${fault.id} ${fault.name.padEnd(32)} ${fault.bar.padEnd(5)} ${verdict.words}  ${seconds} s`);
        }
        console.log(`\n${chosen.length - unseen} of ${chosen.length} faults are caught`);
        process.exitCode = unseen === 0 ? 0 : 1;
    }
} finally {
    leave();
}

function plant(fault) {
    try {
        execFileSync('git', ['apply', fault.path], { cwd: home, stdio: ['ignore', 'pipe', 'pipe'] });
    } catch (error) {
        return { seen: false, words: `NOT APPLIED: ${String(error.stderr).trim().split('\n')[0]}` };
    }
    const { answered, results, said } = run([fault.package], fault.tests, fault.features);
    execFileSync('git', ['checkout', '--quiet', '--', '.'], { cwd: home });
    // Cargo looks at dates: what was put back is newer than what was built with the fault.
    const now = new Date();
    for (const file of fault.files) utimesSync(join(home, file), now, now);
    if (!answered) return { seen: false, words: `NOT BUILT: ${said.split('\n').find((line) => line.startsWith('error')) ?? 'no answer'}` };
    const caught = fault.tests.filter((test) => results.get(short(test)) === false);
    return caught.length > 0 ? { seen: true, words: `caught by ${caught.map(short).join(', ')}` } : { seen: false, words: 'NOT SEEN' };
}
