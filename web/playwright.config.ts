// Three kinds of tests: `unit` needs nothing, `phone` and `desktop` tell the story to a platform
// that is already running (see tests/platform.ts for what they need to know about it).
import { defineConfig } from '@playwright/test';

export default defineConfig({
	testDir: 'tests',
	outputDir: 'test-results/runs',
	workers: 1,
	retries: 0,
	timeout: 120_000,
	expect: { timeout: 10_000 },
	reporter: [['list']],
	use: {
		baseURL: process.env.ATRIO_BASE,
		// A control that stays disabled fails in seconds, not at the end of the test.
		actionTimeout: 15_000,
		trace: 'off',
		video: 'off',
		screenshot: 'off',
		locale: 'it-IT',
		timezoneId: 'Europe/Rome',
		launchOptions: {
			executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
			args: [
				'--no-sandbox',
				'--disable-gpu',
				'--disable-quic',
				'--no-first-run',
				'--disable-background-networking',
				'--disable-component-update',
				'--disable-sync'
			]
		}
	},
	projects: [
		{ name: 'unit', testMatch: 'unit/*.spec.ts' },
		{
			name: 'phone',
			testMatch: '*.spec.ts',
			testIgnore: 'unit/**',
			use: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 }
		},
		{
			name: 'desktop',
			testMatch: '*.spec.ts',
			testIgnore: 'unit/**',
			use: { viewport: { width: 1280, height: 900 } }
		}
	]
});
