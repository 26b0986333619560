import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/postgres.ts',
    // A test that is a phone call waits more than it works.
    maxWorkers: 4,
    testTimeout: 15_000,
    hookTimeout: 15_000
  }
})
