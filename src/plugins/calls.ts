import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Switchboard } from '../switchboard/switchboard.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly calls: Switchboard
  }
}

/** `app.calls`: the switchboard, closed with the server. */
export const calls = fp(
  async (app: FastifyInstance, { switchboard }: { switchboard: Switchboard }) => {
    app.decorate('calls', switchboard)
    app.addHook('onClose', () => switchboard.close())
  },
  { name: 'calls' }
)
