import { EventEmitter } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { RealtimeAgent, RealtimeItem, RealtimeSession } from '@openai/agents/realtime'
import type { CallContext } from '../agent/context.ts'
import { ModelError } from '../model/errors.ts'
import { createSession, foreignFormat, type SessionSettings } from '../model/session.ts'
import type { ModelSocket } from '../model/socket.ts'
import type { MediaStream } from '../twilio/media-stream.ts'
import type { Memory } from './transcript.ts'
import { CallTransport } from './transport.ts'

export interface ModelLinkOptions {
  readonly agent: RealtimeAgent<CallContext>
  readonly settings: SessionSettings
  readonly apiKey: string
  readonly context: CallContext
  readonly stream: MediaStream
  readonly openSocket: () => ModelSocket
  readonly onBadEvent: (error: unknown) => void
}

interface ModelLinkEvents {
  /** The model went away after it had been reached. */
  lost: [ModelError]
}

const FIRST_BACKOFF_MS = 150
const LONGEST_BACKOFF_MS = 2_000

/** One call's side of the model: a session that can be opened, lost and opened again on the same line. */
export class ModelLink extends EventEmitter<ModelLinkEvents> {
  readonly session: RealtimeSession<CallContext>
  readonly transport: CallTransport
  readonly #options: ModelLinkOptions
  #socket: ModelSocket | undefined
  #isUp = false

  constructor(options: ModelLinkOptions) {
    super()
    this.#options = options
    this.transport = new CallTransport(options.stream, () => this.#openSocket(), options.onBadEvent)
    this.session = createSession(options.agent, options.settings, options.context, this.transport)
    this.transport.onModel('session.updated', ({ session }) => {
      const format = foreignFormat(session)
      if (format !== undefined) this.#drop(new ModelError('wrong format', format))
    })
  }

  get isUp(): boolean {
    return this.#isUp
  }

  /**
   * Resolves once the session's configuration is on the wire. Tries again, with back-off, until the budget is spent.
   * @param first a socket that is open or opening already; undefined or a lost one means a new one
   * @throws ModelError the last attempt's trouble, or the first one that is final
   */
  async reach(first: ModelSocket | undefined, budgetMs: number, signal: AbortSignal): Promise<void> {
    const deadline = performance.now() + budgetMs
    let backoffMs = FIRST_BACKOFF_MS
    for (let socket = first; ; socket = undefined) {
      try {
        return await this.#attempt(socket ?? this.#options.openSocket(), deadline)
      } catch (error) {
        signal.throwIfAborted()
        if (!(error instanceof ModelError) || error.isFinal || performance.now() + backoffMs >= deadline) throw error
      }
      await delay(backoffMs, undefined, { signal })
      backoffMs = Math.min(backoffMs * 2, LONGEST_BACKOFF_MS)
    }
  }

  /** Tells a new session what was said before, and who was speaking. */
  async restore(memory: readonly Memory[], specialist: RealtimeAgent<CallContext>): Promise<void> {
    // The agent goes first: its instructions and tools decide how what follows is understood.
    if (specialist !== this.session.currentAgent) await this.session.updateAgent(specialist)
    if (this.#isUp) this.session.updateHistory(memory.map(toItem))
  }

  /** Gives the model up as if it had closed, so that it is reached anew. */
  drop(error: ModelError): void {
    this.#drop(error)
  }

  /** Lets go of the model for good. Safe to call twice and during `reach`. */
  close(): void {
    this.#isUp = false
    this.#socket?.close()
    this.session.close()
  }

  async #attempt(socket: ModelSocket, deadline: number): Promise<void> {
    this.#socket = socket
    let trouble: ModelError | undefined = socket.trouble
    const giveUp = (error: ModelError) => {
      trouble ??= error
      socket.close()
      this.session.close()
    }
    // ModelSocket reports its loss after the SDK has seen the close, so the session is already down when we hear of it.
    socket.once('lost', (error) => {
      trouble ??= error
      if (this.#socket === socket) this.#drop(error)
    })
    const timer = setTimeout(() => giveUp(new ModelError('unreachable', 'timeout')), deadline - performance.now())
    try {
      await this.session.connect({ apiKey: this.#options.apiKey })
    } catch (error) {
      giveUp(error instanceof ModelError ? error : new ModelError('unreachable', undefined, { cause: error }))
    } finally {
      clearTimeout(timer)
    }
    // Closed in the same tick, connect() resolves with nothing connected: the state decides, not the promise.
    if (trouble) throw trouble
    if (this.transport.status !== 'connected') throw new ModelError('closed')
    this.#isUp = true
    socket.deliver()
  }

  async #openSocket(): Promise<ModelSocket> {
    const socket = this.#socket
    if (!socket) throw new ModelError('closed')
    await socket.opened
    return socket
  }

  #drop(error: ModelError): void {
    if (!this.#isUp) return
    this.#isUp = false
    this.#socket?.close()
    this.session.close()
    this.emit('lost', error)
  }
}

/** Assistant audio cannot be given back to the model, text can. (OpenAI Realtime guide; seen 10 of 10) */
function toItem({ id, who, text }: Memory): RealtimeItem {
  const base = { itemId: id, type: 'message' as const }
  if (who === 'agent') {
    return { ...base, role: 'assistant', status: 'completed', content: [{ type: 'output_text', text }] }
  }
  if (who === 'caller') return { ...base, role: 'user', status: 'completed', content: [{ type: 'input_text', text }] }
  return { ...base, role: 'system', content: [{ type: 'input_text', text }] }
}
