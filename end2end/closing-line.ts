// Ends a run of the browser tests with one plain line that says how it went.
import type { FullResult, Reporter, TestCase, TestResult } from '@playwright/test/reporter';

export default class ClosingLine implements Reporter {
    private counts: Record<string, number> = {};

    onTestEnd(test: TestCase, result: TestResult): void {
        const outcome = result.status === 'skipped' ? 'skipped' : result.status === test.expectedStatus ? 'passed' : 'failed';
        this.counts[outcome] = (this.counts[outcome] ?? 0) + 1;
    }

    onEnd(result: FullResult): void {
        const { passed = 0, failed = 0, skipped = 0 } = this.counts;
        const seconds = Math.round(result.duration / 1000);
        process.stdout.write(`browser tests: ${passed} passed, ${failed} failed, ${skipped} skipped, ${seconds} s, ${result.status}\n`);
    }

    printsToStdio(): boolean {
        return false;
    }
}
