import { fastifySSE } from '@fastify/sse'
import type { FastifyReply } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { decodeCursor } from '../records/feed.ts'
import { Feed } from './feed.ts'
import type { ApiOptions } from './options.ts'
import { NoQuery } from './schemas.ts'

/** Under the server's limit for a socket without traffic (plugins/limits.ts). */
const COMMENT_MS = 5_000
/** For a reader to take the last of a stream that ends with the server. */
const LAST_MS = 1_000

/** The calls as they go on, as server-sent events. */
export const live: FastifyPluginAsyncZod<ApiOptions> = async (app, { store, writer }) => {
  await app.register(fastifySSE, { heartbeatInterval: COMMENT_MS })
  const feed = new Feed(store)
  const readers = new Map<AbortController, FastifyReply>()
  const stopListening = writer.onStored(feed.wake)

  // Before the server waits for its connections to end.
  app.addHook('preClose', async () => {
    stopListening()
    for (const [reader, { raw }] of readers) {
      reader.abort()
      setTimeout(() => raw.destroy(), LAST_MS).unref()
    }
  })

  app.get(
    '/live',
    {
      sse: 'only',
      schema: {
        summary: 'What happens, as it happens: `call`, `turn` and `event`',
        description: 'Without `Last-Event-ID` it begins with the calls that run; with it, with what came after.',
        querystring: NoQuery
      }
    },
    async (request, reply) => {
      const { lastEventId } = reply.sse
      const from = lastEventId === null ? undefined : decodeCursor(lastEventId)
      const reader = new AbortController()
      readers.set(reader, reply)
      reply.raw.once('close', () => {
        reader.abort()
        readers.delete(reader)
      })
      // A reader waits for these as long as no call runs.
      reply.sse.sendHeaders()
      await reply.sse.send(feed.messages(from, reader.signal))
      request.log.debug('a reader of /api/live is gone')
    }
  )
}
