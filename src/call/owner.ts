import { AsyncLocalStorage } from 'node:async_hooks'
import type { FastifyBaseLogger } from 'fastify'

/** The call that code runs for. Its log is read late, because it names the call only from `start` on. */
interface Owner {
  readonly log: FastifyBaseLogger
}

const owners = new AsyncLocalStorage<Owner>()

/**
 * Runs what is not the server's own (a tool, a reader, a listener) so that a promise it leaves behind can be traced to
 * the call. It costs half a microsecond, so the server's own code and the frames of audio do without.
 */
export function runFor<Result>(owner: Owner, run: () => Result): Result {
  return owners.run(owner, run)
}

/** A listener that is added by code that runs for a call runs for this call as well. Others are returned unchanged. */
export function withOwner<Event, Result>(listener: (event: Event) => Result): (event: Event) => Result {
  const owner = owners.getStore()
  return owner ? (event) => owners.run(owner, listener, event) : listener
}

/** The log of the call that the running code belongs to, as far as that is known. */
export function ownerLog(): FastifyBaseLogger | undefined {
  return owners.getStore()?.log
}
