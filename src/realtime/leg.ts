import { EventEmitter } from 'node:events'
import type { RealtimeAgent, RealtimeItem } from '@openai/agents/realtime'
import type { AgentFor, CallContext } from '../agent/context.ts'
import type { Admission, Memory } from '../call/admission.ts'
import type { AudioFrame } from '../call/caller-leg.ts'
import { type CallSide, ModelError, type ModelLeg, type ModelLegEvents } from '../call/model-leg.ts'
import { DIED } from './errors.ts'
import { withInstructions } from './opening.ts'
import { Outage } from './outage.ts'
import { RecentAudio } from './recent-audio.ts'
import { CallSession, type SessionSettings } from './session.ts'
import type { ModelSocket } from './socket.ts'
import { CallTransport } from './transport.ts'

export interface RealtimeOptions {
  readonly agentFor: AgentFor
  readonly settings: SessionSettings
  readonly apiKey: string
  /** The time to reach a model in each outage, in ms (MODEL_RECONNECT_MS). */
  readonly budgetMs: number
  readonly openSocket: () => ModelSocket
  /** The warm socket of this call, if there is one. */
  readonly takeWarm: (callSid: string) => ModelSocket | undefined
  /** A socket that was opened when the stream was accepted, because no warm socket was waiting. */
  readonly spare: ModelSocket | undefined
  /** The developer's `onCall` gets the session and the transport, and may listen to all events of both wires. */
  readonly isListenedTo: boolean
}

const OUT_OF_TIME = 'timeout'
/** The limit for missing transcriptions after the call is over. */
const WORDS_MS = 2_000

/**
 * The model's leg over the Realtime API and the SDK: one session object, which is connected, lost and connected again.
 */
export class RealtimeLeg extends EventEmitter<ModelLegEvents> implements ModelLeg {
  readonly session: CallSession
  readonly transport: CallTransport
  readonly settings: SessionSettings
  readonly openSocket: () => ModelSocket
  readonly budgetMs: number
  readonly turns: NonNullable<ModelLeg['turns']>
  readonly #call: CallSide
  readonly #options: RealtimeOptions
  readonly #lifetime = new AbortController()
  readonly #recent = new RecentAudio()
  readonly #outage: Outage
  /** Turns of the caller's that this session has not transcribed yet. */
  readonly #wordsOwed = new Set<string>()
  #spare: ModelSocket | undefined
  #socket: ModelSocket | undefined
  #specialist: RealtimeAgent<CallContext> | undefined
  #state: 'down' | 'restoring' | 'up' = 'down'
  /** Counts the searches, so that an older search has no effect any more. */
  #search = 0
  #wasMute = false

  constructor(call: CallSide, options: RealtimeOptions) {
    super()
    this.#call = call
    this.#options = options
    this.#spare = options.spare
    this.settings = options.settings
    this.openSocket = options.openSocket
    this.budgetMs = options.budgetMs
    this.#outage = new Outage(options.budgetMs, call.activity)
    this.transport = new CallTransport(call, options.isListenedTo, () => this.#openSocket())
    this.session = new CallSession(call, options.settings, this.transport)
    this.turns = {
      holdInterruption: (decide) => {
        this.transport.holdInterruption = decide
      },
      forget: (turn) => {
        this.#wordsOwed.delete(turn)
        this.transport.forget(turn)
      }
    }
    this.session.on('agent_handoff', (_context, _from, to) => {
      this.#specialist = to as RealtimeAgent<CallContext>
    })
    this.#follow()
  }

  get isUp(): boolean {
    return this.#state === 'up'
  }

  /** For how long the caller's voice has gone on, as far as their audio is kept; 0 in silence. */
  get voicedMs(): number {
    return this.#recent.voicedMs
  }

  /** The time since the caller's last voiced frame; undefined when none is kept. */
  get quietMs(): number | undefined {
    return this.#recent.quietMs
  }

  seek(caller: Admission): void {
    const agent = this.#options.agentFor(this.#call.agentContext.call)
    this.#specialist = agent
    this.session.answerWith(agent)
    const warm = this.#options.takeWarm(caller.claims.callSid)
    if (warm) this.#spare?.close()
    const first = warm ?? this.#spare
    this.#spare = undefined
    void this.#seek(first)
  }

  hear(frame: AudioFrame): void {
    this.#recent.push(frame.audio)
    this.transport.sendFrame(frame)
  }

  tell(text: string): void {
    const item = { type: 'message', role: 'system', content: [{ type: 'input_text', text }] }
    this.transport.sendEvent({ type: 'conversation.item.create', item })
  }

  ask(instructions: string | undefined): void {
    this.#request(instructions, (response) => {
      if (this.isUp) this.transport.sendEvent({ type: 'response.create', response })
    })
  }

  /** Requests the owed answer without the SDK's queue, which waits for the result of a request that may be lost. */
  insist(): void {
    this.#request(this.#call.activity.owed?.instructions, (response) => {
      this.sendPastQueue({ type: 'response.create', response })
    })
  }

  interrupt(): void {
    this.session.interrupt()
  }

  /** Drops the session as if it had closed, and reconnects. @param next a socket that is open already */
  giveUp(error: ModelError, next?: ModelSocket): void {
    if (this.#state === 'down') return
    this.#state = 'down'
    this.#wordsOwed.clear()
    this.#release()
    this.transport.modelLost()
    // A clean close (not 1006): the model has read everything that was sent before it.
    if (error.trouble === 'closed' && error.code !== DIED) this.#recent.read()
    this.emit('lost', error, { isRenewal: next !== undefined })
    // A model that is mute in two sessions in a row will be mute in a third.
    const isHopeless = error.isFinal || (error.trouble === 'mute' && this.#wasMute)
    this.#wasMute = error.trouble === 'mute'
    if (isHopeless) this.emit('failed', error)
    else if (!this.#lifetime.signal.aborted) void this.#seek(next, error)
  }

  /** Emits `failed`: no session has given an answer for as long as a caller waits. */
  fail(error: ModelError): void {
    this.emit('failed', error)
  }

  /** Sends an event to the model at once, without the SDK's queue. */
  sendPastQueue(event: { readonly type: string; readonly response?: object; readonly session?: object }): void {
    if (this.#state === 'up') this.#socket?.send(JSON.stringify(event))
  }

  close(): Promise<void> {
    const wasUp = this.#state === 'up'
    this.#state = 'down'
    this.#lifetime.abort()
    this.#outage.stop()
    this.#spare?.close()
    const socket = this.#socket
    const words = wasUp && socket && this.#wordsOwed.size > 0 ? this.#awaitWords(socket) : Promise.resolve()
    this.#release()
    return words
  }

  /** Sends nothing any more. Reads on only for the transcriptions of finished turns. */
  #awaitWords(socket: ModelSocket): Promise<void> {
    return socket.linger((message) => {
      this.transport.readWords(message)
      return this.#wordsOwed.size === 0
    }, WORDS_MS)
  }

  /** Records what the next session needs, and what proves this one. Added before the other listeners. */
  #follow(): void {
    const { journal } = this.#call
    const recent = this.#recent
    journal.on('caller_speaking', () => recent.speechStarted())
    journal.on('caller_silent', () => recent.speechStopped())
    journal.on('caller_turn', ({ turn }) => void this.#wordsOwed.add(turn))
    journal.on('caller_words', ({ turn, text }) => {
      this.#wordsOwed.delete(turn)
      if (text !== undefined) recent.understood()
    })
    journal.on('agent_heard', () => this.#outage.end())
    journal.on('answer_finished', ({ status, reason }) => {
      if (status === 'completed') recent.understood()
      // An answer that failed or that this server cancelled proves nothing.
      if (status !== 'completed' && status !== 'incomplete' && reason !== 'turn_detected') return
      this.#wasMute = false
      this.#outage.end()
    })
  }

  /** A response's own instructions replace the session's, so the agent's are sent along. */
  #request(instructions: string | undefined, send: (response: { instructions?: string }) => void): void {
    if (instructions === undefined) return send({})
    this.#agentInstructions()
      .then((own) => send({ instructions: withInstructions(own, instructions) }))
      .catch((error) => this.#call.fail(error))
  }

  async #agentInstructions(): Promise<string> {
    const { currentAgent, context } = this.session
    return (await currentAgent.getSystemPrompt(context)) ?? ''
  }

  /** @param lost the error that ended the last session; undefined for the first one */
  async #seek(first: ModelSocket | undefined, lost?: ModelError): Promise<void> {
    this.#search += 1
    const search = this.#search
    const isStale = () => this.#lifetime.signal.aborted || search !== this.#search
    const isSameOutage = this.#outage.isOn
    const deadline = this.#outage.begin()
    try {
      // Without a wait, a model that opens and closes at once would get a storm of connections.
      if (lost && isSameOutage && !first) await this.#backOff(lost, deadline)
      await this.#reach(first, deadline, isStale)
      await this.#restore()
    } catch (error) {
      // Two races end here: the call ended, which closed the session and made `connect()` reject; or the model was lost
      // during `#restore`, and `giveUp` has begun a new search.
      if (isStale()) return
      this.#state = 'down'
      this.#release()
      this.emit('failed', error instanceof ModelError ? error : new ModelError('closed', undefined, { cause: error }))
      return
    }
    if (isStale()) return
    this.#state = 'up'
    if (lost) this.#outage.judge(() => this.#abandon(lost))
    // The first session was reached in time. Its answers are watched, and its loss would begin an outage.
    else this.#outage.end()
    const hearsAgain = this.#recent.isOpen
    // The words that were lost with the last session come before those that were held since.
    const audio = this.#recent.take()
    if (audio) this.hear({ audio, timestampMs: undefined })
    this.emit('up', { greets: this.#socket?.isGreeting ?? false, hearsAgain })
    // Early messages come last, because by now every listener is there.
    this.#socket?.deliver()
  }

  #abandon(error: ModelError): void {
    if (this.#state !== 'up') return
    this.#state = 'down'
    this.#release()
    this.emit('failed', error)
  }

  /**
   * Retries until the configuration is sent. Throws the ModelError of the last attempt, or the first one that is final.
   */
  async #reach(first: ModelSocket | undefined, deadline: number, isStale: () => boolean): Promise<void> {
    let before: ModelError | undefined
    for (let socket = first; ; socket = undefined) {
      try {
        return await this.#attempt(socket ?? this.openSocket(), deadline)
      } catch (error) {
        if (isStale() || !(error instanceof ModelError) || error.isFinal) throw error
        // The end of the budget cut this attempt off, so the error of the attempt before says more.
        if (before && error.code === OUT_OF_TIME) throw before
        before = error
        await this.#backOff(error, deadline)
      }
    }
  }

  #backOff(trouble: ModelError, deadline: number): Promise<void> {
    return this.#outage.backOff(trouble, deadline, this.#lifetime.signal)
  }

  async #attempt(socket: ModelSocket, deadline: number): Promise<void> {
    this.#socket = socket
    let trouble = socket.trouble
    const stopTrying = (error: ModelError) => {
      trouble ??= error
      socket.close()
      this.session.close()
    }
    socket.on('alive', () => this.#recent.alive())
    socket.on('fault', (error) => this.#call.fail(error))
    socket.once('lost', (error) => {
      trouble ??= error
      if (this.#socket === socket) this.giveUp(error)
    })
    const leftMs = Math.max(0, deadline - performance.now())
    const timer = setTimeout(() => stopTrying(new ModelError('unreachable', OUT_OF_TIME)), leftMs)
    try {
      await this.session.connect({ apiKey: this.#options.apiKey })
    } catch (error) {
      stopTrying(error instanceof ModelError ? error : new ModelError('unreachable', undefined, { cause: error }))
    } finally {
      clearTimeout(timer)
    }
    // When the session is closed in the same tick, connect() resolves without a connection: the state decides, not the
    // promise.
    if (trouble) {
      this.session.close()
      throw trouble
    }
    if (this.transport.status !== 'connected') throw new ModelError('closed')
    this.#state = 'restoring'
  }

  /** Gives a new session the agent that was speaking and the conversation so far. */
  async #restore(): Promise<void> {
    const specialist = this.#specialist
    // The agent comes first, because its instructions and tools decide how the conversation is understood.
    if (specialist && specialist !== this.session.currentAgent) await this.session.updateAgent(specialist)
    if (this.#state !== 'restoring') throw new ModelError('closed')
    const memory = this.#call.memory(this.#recent.isOpen)
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

/** The model accepts the assistant's turns as text only, not as audio. (OpenAI Realtime guide; seen 10 of 10) */
function toItem({ id, who, text }: Memory): RealtimeItem {
  const base = { itemId: id, type: 'message' as const }
  if (who === 'agent') {
    return { ...base, role: 'assistant', status: 'completed', content: [{ type: 'output_text', text }] }
  }
  if (who === 'caller') return { ...base, role: 'user', status: 'completed', content: [{ type: 'input_text', text }] }
  return { ...base, role: 'system', content: [{ type: 'input_text', text }] }
}
