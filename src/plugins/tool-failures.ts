import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { type ToolFailure, toolFailures } from '../agent/tools/failure.ts'

/** Logs the tools that fail: the model is told only that they did. */
export const toolFailureLog = fp(
  async (app: FastifyInstance) => {
    toolFailures.subscribe(logFailure)
    app.addHook('onClose', () => void toolFailures.unsubscribe(logFailure))

    function logFailure(failure: unknown): void {
      const { tool, callSid, error } = failure as ToolFailure
      app.log.error({ tool, callSid, ...placeOf(error) }, 'a tool failed')
    }
  },
  { name: 'tool-failures' }
)

/** What an error is and where it was thrown. Its message may quote the caller. */
function placeOf(error: unknown): { error: string; at?: string | undefined } {
  if (!(error instanceof Error)) return { error: typeof error }
  const [at] = error.stack?.split('\n').filter((line) => /^\s+at /.test(line)) ?? []
  return { error: error.name, at: at?.trim() }
}
