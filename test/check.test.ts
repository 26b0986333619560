import { expect, test } from 'vitest'
import { testsOf } from './check.ts'

test.each([
  ['src/config.ts', ['test/config.test.ts']],
  ['src/twilio/frames.ts', ['test/twilio/frames.test.ts']],
  ['src/call/behaviours/goodbye.ts', ['test/call/manners/goodbye.test.ts']],
  ['simulator/call/machine.ts', ['test/simulator/machine.test.ts']],
  ['test/wire/base64.test.ts', ['test/wire/base64.test.ts']],
  ['src/log.ts', ['test/security/log.test.ts']],
  ['README.md', ['test/readme.test.ts']],
  ['docs/deploying.md', ['test/deploying.test.ts']],
  ['src/call/tool-runs.ts', []]
])('npm run check -- --quick tests a change of %s with %j', (file, tests) => {
  expect(testsOf(file)).toEqual(tests)
})
