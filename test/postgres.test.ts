import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'

test.concurrent.each(['process.exitCode = 3', 'process.exit(3)'])(
  'a run that ends with %s has failed, although it had a PostgreSQL',
  async (end) => {
    const postgres = new URL('./postgres.ts', import.meta.url).href
    const script = `
    const { startPostgres } = await import('${postgres}')
    const server = await startPostgres()
    await server.stop()
    ${end}`
    const run = spawn(process.execPath, ['--input-type=module', '--eval', script])
    let complaints = ''
    run.stderr.on('data', (data) => {
      complaints += data
    })
    expect(await once(run, 'close')).toEqual([3, null])
    expect(complaints).toBe('')
  },
  // A database is made and stopped, on a machine that may be busy.
  30_000
)
