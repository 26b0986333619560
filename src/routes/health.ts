import type { FastifyInstance } from 'fastify'

/** `/health`: the process is alive. `/ready`: it takes new calls; a load balancer sends none while it answers 503. */
export async function health(app: FastifyInstance): Promise<void> {
  app.get('/health', async () => ({ status: 'alive' }))
  app.get('/ready', async (_request, reply) => {
    const { isReady, live } = app.calls
    return reply.code(isReady ? 200 : 503).send({ status: isReady ? 'ready' : 'not ready', calls: live })
  })
}
