import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import { jsonSchemaTransform, validatorCompiler } from 'fastify-type-provider-zod'
import { acts } from './acts.ts'
import { callers } from './callers.ts'
import { calls } from './calls.ts'
import { deliveries } from './deliveries.ts'
import { tellError } from './errors.ts'
import { health } from './health.ts'
import { items } from './items.ts'
import { listen } from './listen.ts'
import { live } from './live.ts'
import { numbers } from './numbers.ts'
import type { ApiOptions } from './options.ts'
import { recordings } from './recordings.ts'

/** Everything under `/api`. The door is the scope's in which this is registered. */
export async function api(
  app: FastifyInstance,
  { config, store, version, writer, listening }: ApiOptions
): Promise<void> {
  app.setValidatorCompiler(validatorCompiler)
  // The types hold the answers to their schemas, and so do the tests: checking half a megabyte on each request would
  // cost the calls.
  app.setSerializerCompiler(() => JSON.stringify)
  app.setErrorHandler(tellError)
  app.setNotFoundHandler((_request, reply) => reply.refuse(404))
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Calls', version: '1', description: 'Every call: its words, its sound, where its time went.' },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'CONSOLE_TOKEN' } } },
      security: [{ token: [] }]
    },
    transform: jsonSchemaTransform
  })
  app.get('/openapi.json', { schema: { hide: true } as object }, async () => app.swagger())
  // Not the options as they came: the prefix in them would count twice.
  const options: ApiOptions = { config, store, version, writer, listening }
  for (const routes of [calls, recordings, acts, callers, items, numbers, deliveries, health, live, listen])
    await app.register(routes, options)
}
