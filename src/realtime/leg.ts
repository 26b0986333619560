import { EventEmitter } from 'node:events'
import type { RealtimeAgent, RealtimeItem, RealtimeSession } from '@openai/agents/realtime'
import type { CallContext } from '../agent/context.ts'
import type { Admission, Memory } from '../call/admission.ts'
import type { AudioFrame } from '../call/caller-leg.ts'
import { type CallSide, ModelError, type ModelLeg, type ModelLegEvents } from '../call/model-leg.ts'
import { DIED } from './errors.ts'
import { withInstructions } from './opening.ts'
import { Outage } from './outage.ts'
import { RecentAudio } from './recent-audio.ts'
import { createSession, type SessionSettings } from './session.ts'
import type { ModelSocket } from './socket.ts'
import { CallTransport } from './transport.ts'

export interface RealtimeOptions {
  readonly agent: RealtimeAgent<CallContext>
  readonly settings: SessionSettings
  readonly apiKey: string
  /** For every wait for a model, anew for each outage, in ms. */
  readonly budgetMs: number
  readonly openSocket: () => ModelSocket
  /** The socket that waits for this call, if one does. */
  readonly takeWarm: (callSid: string) => ModelSocket | undefined
  /** Opened when the stream was accepted, because nothing warm waited for anybody. */
  readonly spare: ModelSocket | undefined
  /** Somebody is given the session and the transport, and hears every event of both wires there. */
  readonly isListenedTo: boolean
}

const OUT_OF_TIME = 'timeout'
/** For transcriptions that are owed when the call is over. */
const WORDS_MS = 2_000

/** The Realtime API as a call's model, through the SDK: a session that is opened, lost and opened again on one line. */
export class RealtimeLeg extends EventEmitter<ModelLegEvents> implements ModelLeg {
  readonly session: RealtimeSession<CallContext>
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
  /** Turns of the caller's that this session has not written down yet. */
  readonly #wordsOwed = new Set<string>()
  #spare: ModelSocket | undefined
  #socket: ModelSocket | undefined
  #specialist: RealtimeAgent<CallContext>
  #state: 'down' | 'restoring' | 'up' = 'down'
  /** Counts the searches: what belongs to an older one has no say any more. */
  #search = 0
  #wasMute = false

  constructor(call: CallSide, options: RealtimeOptions) {
    super()
    this.#call = call
    this.#options = options
    this.#specialist = options.agent
    this.#spare = options.spare
    this.settings = options.settings
    this.openSocket = options.openSocket
    this.budgetMs = options.budgetMs
    this.#outage = new Outage(options.budgetMs, call.activity)
    this.transport = new CallTransport(call, options.isListenedTo, () => this.#openSocket())
    this.session = createSession(options.agent, options.settings, call.agentContext, this.transport)
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

  seek(caller: Admission): void {
    const warm = this.#options.takeWarm(caller.claims.callSid)
    if (warm) this.#spare?.close()
    const first = warm ?? this.#spare
    this.#spare = undefined
    void this.#seek(first)
  }

  hear({ audio, timestampMs }: AudioFrame): void {
    this.#recent.push(audio)
    this.transport.sendFrame({ audio, timestampMs })
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

  /** Asks for the answer that is owed past the SDK's queue, which waits for what becomes of a request that may be lost. */
  insist(): void {
    this.#request(this.#call.activity.owed?.instructions, (response) => {
      this.sendPastQueue({ type: 'response.create', response })
    })
  }

  interrupt(): void {
    this.session.interrupt()
  }

  /** Gives the model up as if it had closed, and seeks it anew. @param next a socket that is open already */
  giveUp(error: ModelError, next?: ModelSocket): void {
    if (this.#state === 'down') return
    this.#state = 'down'
    this.#wordsOwed.clear()
    this.#release()
    this.transport.modelLost()
    // A clean close (not 1006): the model has read everything that was sent before it.
    if (error.trouble === 'closed' && error.code !== DIED) this.#recent.read()
    this.emit('lost', error, { isRenewal: next !== undefined })
    // A model that is mute again after it was reached anew will be mute a third time.
    const isHopeless = error.isFinal || (error.trouble === 'mute' && this.#wasMute)
    this.#wasMute = error.trouble === 'mute'
    if (isHopeless) this.emit('failed', error)
    else if (!this.#lifetime.signal.aborted) void this.#seek(next, error)
  }

  /** Answers fail one after the other for as long as a caller waits. */
  fail(error: ModelError): void {
    this.emit('failed', error)
  }

  /** Straight to the model, and not behind what the SDK is waiting for. */
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

  /** Nothing is sent and nothing answered any more; what is still read are the words of turns that were finished. */
  #awaitWords(socket: ModelSocket): Promise<void> {
    return socket.linger((message) => {
      this.transport.readWords(message)
      return this.#wordsOwed.size === 0
    }, WORDS_MS)
  }

  /** What is remembered for the next session, and what proves this one; before anybody else is told of it. */
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
      // One that failed, or that this server told to end, proves nothing.
      if (status !== 'completed' && status !== 'incomplete' && reason !== 'turn_detected') return
      this.#wasMute = false
      this.#outage.end()
    })
  }

  /** A response's own instructions take the place of the session's, so the agent's come along. */
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

  /** @param lost what ended the last connection, when there was one */
  async #seek(first: ModelSocket | undefined, lost?: ModelError): Promise<void> {
    this.#search += 1
    const search = this.#search
    const isStale = () => this.#lifetime.signal.aborted || search !== this.#search
    const isSameOutage = this.#outage.isOn
    const deadline = this.#outage.begin()
    try {
      // A model that opens and closes at once must not be stormed with connections.
      if (lost && isSameOutage && !first) await this.#backOff(lost, deadline)
      await this.#reach(first, deadline, isStale)
      await this.#restore()
    } catch (error) {
      // The call ended, which closed the session and made it reject; or the model was lost while it was told the
      // conversation, and `giveUp` began anew.
      if (isStale()) return
      this.#state = 'down'
      this.#release()
      this.emit('failed', error instanceof ModelError ? error : new ModelError('closed', undefined, { cause: error }))
      return
    }
    if (isStale()) return
    this.#state = 'up'
    if (lost) this.#outage.judge(() => this.#abandon(lost))
    // The first one was reached in time. Whether it speaks is watched, and its loss would begin an outage.
    else this.#outage.end()
    const hearsAgain = this.#recent.isOpen
    // Words that the last model took with it come before those that were held since.
    const audio = this.#recent.take()
    if (audio) this.hear({ audio, timestampMs: undefined })
    this.emit('up', { greets: this.#socket?.isGreeting ?? false, hearsAgain })
    // What the model said early comes last: by then everybody listens.
    this.#socket?.deliver()
  }

  #abandon(error: ModelError): void {
    if (this.#state !== 'up') return
    this.#state = 'down'
    this.#release()
    this.emit('failed', error)
  }

  /** Tries until the configuration is on the wire; throws the last attempt's trouble, or the first one that is final. */
  async #reach(first: ModelSocket | undefined, deadline: number, isStale: () => boolean): Promise<void> {
    let before: ModelError | undefined
    for (let socket = first; ; socket = undefined) {
      try {
        return await this.#attempt(socket ?? this.openSocket(), deadline)
      } catch (error) {
        if (isStale() || !(error instanceof ModelError) || error.isFinal) throw error
        // The end of the budget cut this attempt off: why the one before failed says more.
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
    const giveUp = (error: ModelError) => {
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

/** Assistant audio cannot be given back to the model, text can. (OpenAI Realtime guide; seen 10 of 10) */
function toItem({ id, who, text }: Memory): RealtimeItem {
  const base = { itemId: id, type: 'message' as const }
  if (who === 'agent') {
    return { ...base, role: 'assistant', status: 'completed', content: [{ type: 'output_text', text }] }
  }
  if (who === 'caller') return { ...base, role: 'user', status: 'completed', content: [{ type: 'input_text', text }] }
  return { ...base, role: 'system', content: [{ type: 'input_text', text }] }
}
