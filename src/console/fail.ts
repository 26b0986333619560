import type { FastifyReply } from 'fastify'

/** An answer in the API's one shape of errors. */
export function fail(reply: FastifyReply, status: number, code: string, message: string): FastifyReply {
  return reply.code(status).send({ error: { code, message } })
}
