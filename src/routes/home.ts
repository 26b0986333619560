import type { FastifyInstance } from 'fastify'

export async function home(app: FastifyInstance): Promise<void> {
  app.get('/', async () => ({ message: 'Twilio Media Stream Server is running!' }))
}
