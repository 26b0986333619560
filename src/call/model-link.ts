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
  /** For every wait for a model, anew for each outage, in ms. */
  readonly budgetMs: number
  readonly openSocket: () => ModelSocket
  /** What a session that begins anew has to be told; asked as late as possible. */
  readonly memory: () => readonly Memory[]
  /** Since when the caller hears nothing although something is due to them; undefined while they do not wait. */
  readonly waitingSince: () => number | undefined
  /** An answer is due, whether or not the caller waits for it just now. */
  readonly isAnswerDue: () => boolean
  readonly onBadEvent: (error: unknown) => void
  /** Told of what somebody who listens has thrown. */
  readonly onFault: (error: unknown) => void
}

interface ModelLinkEvents {
  /** The session is configured and knows the conversation so far. */
  up: []
  /** The model has answered a ping: it has heard everything that was sent before. */
  alive: []
  /** The model went away after it had been reached. It is sought anew already. */
  lost: [ModelError]
  /** The budget is spent, or the trouble is final. */
  failed: [ModelError]
}

const OUT_OF_TIME = 'timeout'
const FIRST_BACKOFF_MS = 150
const LONGEST_BACKOFF_MS = 2_000
/** A model of which nothing was asked is back when it stays this long; before that, losing it again is the same outage. */
const STAYS_MS = 2_000
/** What a model is given at least to be heard, when the one before it has used up the caller's patience. */
const CHANCE_MS = 3_000

/** One call's side of the model: a session that is opened, lost and opened again on the same line. */
export class ModelLink extends EventEmitter<ModelLinkEvents> {
  readonly session: RealtimeSession<CallContext>
  readonly transport: CallTransport
  readonly #options: ModelLinkOptions
  readonly #lifetime = new AbortController()
  #socket: ModelSocket | undefined
  #specialist: RealtimeAgent<CallContext>
  #state: 'down' | 'restoring' | 'up' = 'down'
  /** Counts the searches: what belongs to an older one has no say any more. */
  #search = 0
  /** When the outage ends in an apology; undefined while there is none. */
  #deadline: number | undefined
  #judging: NodeJS.Timeout | undefined
  /** Before the next attempt of this outage. */
  #backoffMs = FIRST_BACKOFF_MS
  #wasMute = false

  constructor(options: ModelLinkOptions) {
    super()
    this.#options = options
    this.#specialist = options.agent
    this.transport = new CallTransport(options.stream, () => this.#openSocket(), options)
    this.session = createSession(options.agent, options.settings, options.context, this.transport)
    this.transport.session = this.session
    tellBeforeConnect(this.session, this.transport, options.onFault)
    this.session.on('agent_handoff', (_context, _from, to) => {
      this.#specialist = to as RealtimeAgent<CallContext>
    })
    this.transport.onModel('session.updated', ({ session }) => {
      const format = foreignFormat(session)
      if (format !== undefined) this.drop(new ModelError('wrong format', format))
    })
  }

  get isUp(): boolean {
    return this.#state === 'up'
  }

  /** The model was asked for the greeting before it was handed to this call. */
  get isGreeting(): boolean {
    return this.#socket?.isGreeting ?? false
  }

  /** Seeks the model until `up` or `failed`. @param first a socket that is open or opening already */
  seek(first: ModelSocket | undefined): void {
    void this.#seek(first)
  }

  /** Gives the model up as if it had closed, and seeks it anew. @param next a socket that is open already */
  drop(error: ModelError, next?: ModelSocket): void {
    if (this.#state === 'down') return
    this.#state = 'down'
    this.#release()
    this.emit('lost', error)
    // A model that is mute again after it was reached anew will be mute a third time.
    const isHopeless = error.isFinal || (error.trouble === 'mute' && this.#wasMute)
    this.#wasMute = error.trouble === 'mute'
    if (isHopeless) this.emit('failed', error)
    else if (!this.#lifetime.signal.aborted) void this.#seek(next, error)
  }

  /** The agent was heard: that ends an outage. Being up, or beginning an answer, proves nothing of a model. */
  heard(): void {
    this.#deadline = undefined
    this.#backoffMs = FIRST_BACKOFF_MS
    clearTimeout(this.#judging)
  }

  /** An answer was finished: the next one that does not come is a new trouble. */
  finishedAnswer(): void {
    this.#wasMute = false
    this.heard()
  }

  /** Straight to the model, and not behind what the SDK is waiting for. */
  sendPastQueue(event: { readonly type: string; readonly response?: object }): void {
    if (this.#state === 'up') this.#socket?.send(JSON.stringify(event))
  }

  /** Lets go of the model for good. Safe to call twice, and while it is sought. */
  close(): void {
    this.#state = 'down'
    this.#lifetime.abort()
    clearTimeout(this.#judging)
    this.#release()
  }

  /** @param lost what ended the last connection, when there was one */
  async #seek(first: ModelSocket | undefined, lost?: ModelError): Promise<void> {
    this.#search += 1
    const search = this.#search
    const isStale = () => this.#lifetime.signal.aborted || search !== this.#search
    const isSameOutage = this.#deadline !== undefined
    const deadline = this.#deadline ?? this.#newDeadline()
    this.#deadline = deadline
    clearTimeout(this.#judging)
    try {
      // A model that opens and closes at once must not be stormed with connections.
      if (lost && isSameOutage && !first) await this.#backOff(lost, deadline)
      await this.#reach(first, deadline, isStale)
      await this.#restore()
    } catch (error) {
      // The call ended, which closed the session and made it reject; or the model was lost while it was told the
      // conversation, and `drop` began anew.
      if (isStale()) return
      this.#state = 'down'
      this.#release()
      this.emit('failed', error instanceof ModelError ? error : new ModelError('closed', undefined, { cause: error }))
      return
    }
    if (isStale()) return
    this.#state = 'up'
    if (lost) this.#judgeIn(STAYS_MS, lost)
    // The first one was reached in time. Whether it speaks is watched, and its loss would begin an outage.
    else this.#deadline = undefined
    this.emit('up')
    // What the model said early comes last: by then everybody listens.
    this.#socket?.deliver()
  }

  /** A caller who waits already when a model is given up has less time left, but some for the next one. */
  #newDeadline(): number {
    const now = performance.now()
    const { budgetMs, waitingSince } = this.#options
    return Math.max((waitingSince() ?? now) + budgetMs, now + Math.min(budgetMs, CHANCE_MS))
  }

  /** Whether the outage is over, as long as nothing was heard that proves it. @param lost what began it */
  #judgeIn(ms: number, lost: ModelError): void {
    clearTimeout(this.#judging)
    this.#judging = setTimeout(() => {
      const { waitingSince, isAnswerDue, budgetMs } = this.#options
      if (this.#deadline === undefined || this.#state !== 'up') return
      if (!isAnswerDue()) return this.heard()
      const now = performance.now()
      const waitedMs = now - (waitingSince() ?? now)
      if (now < this.#deadline) return this.#judgeIn(Math.min(this.#deadline - now, STAYS_MS), lost)
      // Whoever has only just begun to wait, after words of their own or a tool, is given the model's time.
      if (waitedMs < Math.min(budgetMs, CHANCE_MS)) return this.#judgeIn(CHANCE_MS / 6, lost)
      this.#state = 'down'
      this.#release()
      this.emit('failed', lost)
    }, ms).unref()
  }

  /** Tries until the configuration is on the wire; throws the last attempt's trouble, or the first one that is final. */
  async #reach(first: ModelSocket | undefined, deadline: number, isStale: () => boolean): Promise<void> {
    let before: ModelError | undefined
    for (let socket = first; ; socket = undefined) {
      try {
        return await this.#attempt(socket ?? this.#options.openSocket(), deadline)
      } catch (error) {
        if (isStale() || !(error instanceof ModelError) || error.isFinal) throw error
        // The end of the budget cut this attempt off: why the one before failed says more.
        if (before && error.code === OUT_OF_TIME) throw before
        before = error
        await this.#backOff(error, deadline)
      }
    }
  }

  /** Waits, longer each time of an outage. Throws the trouble itself when its budget would be spent. */
  async #backOff(trouble: ModelError, deadline: number): Promise<void> {
    const waitMs = this.#backoffMs
    if (performance.now() + waitMs >= deadline) throw trouble
    this.#backoffMs = Math.min(waitMs * 2, LONGEST_BACKOFF_MS)
    await delay(waitMs, undefined, { signal: this.#lifetime.signal })
  }

  async #attempt(socket: ModelSocket, deadline: number): Promise<void> {
    this.#socket = socket
    let trouble = socket.trouble
    const giveUp = (error: ModelError) => {
      trouble ??= error
      socket.close()
      this.session.close()
    }
    socket.on('alive', () => this.emit('alive'))
    socket.on('fault', this.#options.onFault)
    socket.once('lost', (error) => {
      trouble ??= error
      if (this.#socket === socket) this.drop(error)
    })
    const leftMs = Math.max(0, deadline - performance.now())
    const timer = setTimeout(() => giveUp(new ModelError('unreachable', OUT_OF_TIME)), leftMs)
    try {
      await this.session.connect({ apiKey: this.#options.apiKey })
    } catch (error) {
      giveUp(error instanceof ModelError ? error : new ModelError('unreachable', undefined, { cause: error }))
    } finally {
      clearTimeout(timer)
    }
    // Closed in the same tick, connect() resolves with nothing connected: the state decides, not the promise.
    if (trouble) {
      this.session.close()
      throw trouble
    }
    if (this.transport.status !== 'connected') throw new ModelError('closed')
    this.#state = 'restoring'
  }

  /** Tells a session that begins anew who was speaking and what was said. */
  async #restore(): Promise<void> {
    const specialist = this.#specialist
    // The agent goes first: its instructions and tools decide how what follows is understood.
    if (specialist !== this.session.currentAgent) await this.session.updateAgent(specialist)
    if (this.#state !== 'restoring') throw new ModelError('closed')
    const memory = this.#options.memory()
    if (memory.length > 0) this.session.updateHistory(memory.map(toItem))
  }

  async #openSocket(): Promise<ModelSocket> {
    const socket = this.#socket
    if (!socket) throw new ModelError('closed')
    await socket.opened
    return socket
  }

  #release(): void {
    this.#socket?.close()
    this.session.close()
  }
}

/**
 * The SDK's session listens to its transport only from `connect()` on, which waits for `start`: until then whoever
 * listens to the session's `transport_event` is told of Twilio's frames here.
 */
function tellBeforeConnect(session: EventEmitter, transport: CallTransport, onFault: (error: unknown) => void): void {
  const untold = new Set<object>()
  const passedOn = (event: object): void => void untold.delete(event)
  const tellSession = (event: object): void => {
    try {
      session.emit('transport_event', event)
    } catch (error) {
      onFault(error)
    }
  }
  const tell = (event: object): void => {
    untold.add(event)
    // The session's own listener comes after this one, in the same tick.
    queueMicrotask(() => {
      if (untold.delete(event)) return tellSession(event)
      session.off('transport_event', passedOn)
      transport.off('*', tell)
    })
  }
  session.on('transport_event', passedOn)
  transport.on('*', tell)
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
