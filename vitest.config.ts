import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

// Every worker, and every server and script that a test starts, loads the SDK: from compiled code that takes 0.7 s,
// else 1.0 s.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, 'node_modules', '.cache', 'node')

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // A storm of thousands of calls: npm run bench -- --trial webhooks.
    exclude: process.env['TRIAL'] === 'webhooks' ? [] : ['test/webhooks/storm.test.ts'],
    globalSetup: ['test/postgres.ts', 'test/chrome.ts'],
    // Node runs the tests as it runs the server, without Vite: a file that Vite transforms takes a second longer.
    experimental: { viteModuleRunner: false, nodeLoader: false },
    // A test that is a phone call waits more than it works.
    maxWorkers: 5,
    // A worker loads the SDK once and not for each file, which took a third of the CPU time: a file leaves nothing behind.
    isolate: false,
    testTimeout: 15_000,
    hookTimeout: 15_000
  }
})
