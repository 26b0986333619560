import { statfs } from 'node:fs/promises'
import type { FastifyInstance } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { type Config, Environment } from '../config.ts'
import type { Store } from '../store/open.ts'
import { MOST_ROWS } from '../store/writer.ts'
import type { ApiOptions } from './options.ts'
import { Health, NoQuery } from './schemas.ts'

const IS_SECRET = /KEY|TOKEN|SECRET|PASSWORD/

/** How the server is: its settings, its limits and how near they are, its store. */
export const health: FastifyPluginAsyncZod<ApiOptions> = async (app, { config, store, version, writer }) => {
  const startedAt = new Date(Date.now() - process.uptime() * 1_000).toISOString()
  app.get(
    '/health',
    { schema: { summary: 'How the server is', querystring: NoQuery, response: { 200: Health } } },
    async () => {
      const { eventLoopDelay, rssBytes } = app.memoryUsage()
      return {
        ...{ version, node: process.version, startedAt, isReady: app.calls.isReady },
        // Not known in the first second.
        eventLoopDelayMs: Number.isFinite(eventLoopDelay) ? Math.round(eventLoopDelay * 10) / 10 : 0,
        memoryBytes: rssBytes,
        lines: { used: app.calls.taken, limit: config.call.maxCalls },
        connections: { used: await connectionsOf(app), limit: app.server.maxConnections },
        store: {
          engine: store.isPostgres ? ('PostgreSQL' as const) : ('SQLite' as const),
          waitingRows: { used: writer.waiting, limit: MOST_ROWS },
          disk: store.isPostgres ? null : await diskOf(store)
        },
        settings: settingsOf(config)
      }
    }
  )
}

function connectionsOf(app: FastifyInstance): Promise<number> {
  return new Promise((resolve, reject) =>
    app.server.getConnections((error, count) => (error ? reject(error) : resolve(count)))
  )
}

async function diskOf({ dataDir }: Store): Promise<{ freeBytes: number; totalBytes: number }> {
  const { bavail, blocks, bsize } = await statfs(dataDir)
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize }
}

type Setting = string | number | boolean | readonly string[] | null

/** Every setting by its name. Of a secret and of a URL nothing that could be one is shown. */
export function settingsOf({ inForce }: Pick<Config, 'inForce'>): Record<string, Setting> {
  const values: Readonly<Record<string, unknown>> = inForce
  return Object.fromEntries(Object.keys(Environment.shape).map((name) => [name, shown(name, values[name])]))
}

function shown(name: string, value: unknown): Setting {
  if (IS_SECRET.test(name)) return value === undefined ? null : 'set'
  if (value === undefined) return null
  if (value instanceof Map) return [...value.keys()].map(String)
  if (Array.isArray(value)) return value.map(String)
  if (typeof value === 'number' || typeof value === 'boolean') return value
  const text = String(value)
  return name.endsWith('_URL') && URL.canParse(text) ? placeOf(new URL(text)) : text
}

/** A user, a password, a path or a query may be a secret. */
function placeOf({ protocol, host }: URL): string {
  return `${protocol}//${host}`
}
