// Ends a run of the browser tests with plain lines that say how it went.
import type { FullConfig, FullResult, Reporter, Suite, TestCase } from '@playwright/test/reporter';

export default class ClosingLine implements Reporter {
    private suite?: Suite;

    onBegin(_config: FullConfig, suite: Suite): void {
        this.suite = suite;
    }

    onEnd(result: FullResult): void {
        const tests = this.suite?.allTests() ?? [];
        const count = (outcome: string): number => tests.filter((test) => test.outcome() === outcome).length;
        const again = tests.filter((test) => test.outcome() === 'flaky');
        const name = (word: string, of: TestCase[]): void =>
            of.forEach((test) => process.stdout.write(`browser tests: ${word}: ${test.titlePath().filter(Boolean).join(' › ')}\n`));
        name('only at the second try', again);
        name(
            'failed',
            tests.filter((test) => test.outcome() === 'unexpected'),
        );
        const passed = count('expected') + again.length;
        const seconds = Math.round(result.duration / 1000);
        process.stdout.write(
            `browser tests: ${passed} passed, ${again.length} of them at the second try, ${count('unexpected')} failed, ${count('skipped')} skipped, ${seconds} s, ${result.status}\n`,
        );
    }

    printsToStdio(): boolean {
        return false;
    }
}
