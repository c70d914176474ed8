// How the browser tests run. `scripts/e2e` starts the server and tells its address; specs lie in tests/, by area.
import { defineConfig, type PlaywrightTestConfig } from '@playwright/test';

const baseURL = process.env.E2E_BASE_URL;
if (!baseURL) {
    throw new Error('E2E_BASE_URL is not set. Run the browser tests with `make e2e`, which starts a server for them.');
}

// Nothing that the browser does on its own account may reach the network or blur a measurement.
const args = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
];

const desktop = { viewport: { width: 1440, height: 900 } };

const config: PlaywrightTestConfig = {
    testDir: 'tests',
    outputDir: 'test-results',
    snapshotPathTemplate: '{testDir}/__screenshots__/{testFilePath}/{arg}-{projectName}{ext}',
    workers: 2,
    // A machine that others use stalls now and then. What passes only at the second try is named in the last lines, to be looked at.
    retries: 1,
    forbidOnly: !!process.env.CI,
    timeout: 60_000,
    expect: { timeout: 10_000 },
    reporter: [['list'], ['./closing-line.ts']],
    use: {
        baseURL,
        // A button that is not there fails its own test and does not hold up the others.
        actionTimeout: 15_000,
        navigationTimeout: 30_000,
        locale: 'en-GB',
        // Not the server's zone, so that a time shown in the wrong one is seen.
        timezoneId: 'Africa/Nairobi',
        // A trace costs a fifth of the time of every test. E2E_TRACE=1 keeps those of tests that fail.
        trace: process.env.E2E_TRACE ? 'retain-on-failure' : 'off',
        screenshot: 'only-on-failure',
        launchOptions: { executablePath: process.env.CHROMIUM || undefined, args },
    },
    projects: [
        { name: 'hydrated', use: { ...desktop, javaScriptEnabled: true } },
        { name: 'no-js', use: { ...desktop, javaScriptEnabled: false } },
        { name: 'phone', use: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true } },
    ],
};

export default defineConfig(config);
