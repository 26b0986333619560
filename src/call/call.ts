import { EventEmitter } from 'node:events'
import type { RealtimeAgent } from '@openai/agents/realtime'
import type { FastifyBaseLogger } from 'fastify'
import type { CallContext } from '../agent/context.ts'
import type { Config } from '../config.ts'
import { describeSessionError, isBenign, ModelError } from '../model/errors.ts'
import type { SessionSettings } from '../model/session.ts'
import type { ModelSocket } from '../model/socket.ts'
import type { CallRecord, EndReason } from '../records/record.ts'
import type { StartFrame } from '../twilio/frames.ts'
import type { MediaStream } from '../twilio/media-stream.ts'
import type { StreamClaims } from '../twilio/stream-token.ts'
import { CallerContext } from './caller-context.ts'
import { reasonFor } from './end-reason.ts'
import type { CallFacts } from './facts.ts'
import { ModelLink } from './model-link.ts'
import { type CallEvent, type CallState, nextState } from './state.ts'
import { type Memory, Transcript } from './transcript.ts'

/** Who a stream turned out to be. */
export interface Admission {
  readonly claims: StreamClaims
  /** What was said before, when the caller comes back to the agent on the same call. */
  readonly memory: readonly Memory[]
  /** What became of a transfer that brought the caller back. */
  readonly returnedFrom: string | undefined
}

export interface CallDependencies {
  readonly agent: RealtimeAgent<CallContext>
  readonly config: Config
  readonly session: SessionSettings
  readonly log: FastifyBaseLogger
  /** Verifies whose stream this is; undefined refuses it. */
  readonly admit: (start: StartFrame, call: Call) => Admission | undefined
  readonly openModel: () => ModelSocket
  /** The socket that waits for this call, if one does. */
  readonly takeWarmModel: (callSid: string) => ModelSocket | undefined
  /** Started at once when nothing warm is waiting for anybody. */
  readonly spareModel: ModelSocket | undefined
}

/** A model that stays this long after it was reached is back; before that, losing it again is the same outage. */
const PROVEN_MS = 2_000

/** One caller, one stream, one session. What a receptionist does beyond that is in `behaviours/`. */
export class Call {
  readonly facts = new EventEmitter<CallFacts>()
  /** Settles once, when the call has ended, with its record. Never rejects. */
  readonly ended: Promise<CallRecord>
  readonly stream: MediaStream
  readonly transcript: Transcript
  readonly context: CallerContext
  readonly config: Config
  log: FastifyBaseLogger
  readonly #link: ModelLink
  readonly #dependencies: CallDependencies
  readonly #lifetime = new AbortController()
  readonly #openedAt = Date.now()
  #settle: (record: CallRecord) => void = () => {}
  #spare: ModelSocket | undefined
  #state: CallState = { name: 'ringing' }
  #isResponding = false
  #firstAudioAt: number | undefined
  #reconnections = 0
  /** Counts the times the model was sought: what belongs to an older search has no say any more. */
  #reaching = 0
  /** When the model was first missed; undefined while it is there. */
  #outageSince: number | undefined
  #specialist: RealtimeAgent<CallContext>

  /** Must be called in the tick in which the socket was accepted: what arrives before a listener is lost. */
  constructor(stream: MediaStream, dependencies: CallDependencies) {
    this.stream = stream
    this.config = dependencies.config
    this.log = dependencies.log
    this.#dependencies = dependencies
    this.#spare = dependencies.spareModel
    this.#specialist = dependencies.agent
    this.ended = new Promise((resolve) => {
      this.#settle = resolve
    })
    this.transcript = new Transcript((itemId) => stream.playback.heard(itemId))
    this.context = new CallerContext(this.facts, dependencies.config.call.transferTargets)
    this.#link = new ModelLink({
      agent: dependencies.agent,
      settings: dependencies.session,
      apiKey: dependencies.config.openai.apiKey,
      context: { call: this.context },
      stream,
      openSocket: dependencies.openModel,
      onBadEvent: (error) => this.log.warn({ err: error }, 'the SDK could not read an event')
    })
    this.#listenToStream()
    this.#listenToModel()
  }

  get state(): CallState {
    return this.#state
  }

  /** Aborted when the call ends: every timer and listener of a behaviour hangs on it. */
  get signal(): AbortSignal {
    return this.#lifetime.signal
  }

  get session() {
    return this.#link.session
  }

  /** The model is working on an answer. */
  get isResponding(): boolean {
    return this.#isResponding
  }

  /** The caller can hear the agent, or soon will. */
  get isAgentSpeaking(): boolean {
    return this.#isResponding || this.stream.playback.isPlaying
  }

  /** Runs after `ms`, unless the call has ended or the returned function was called. */
  after(ms: number, run: () => void): () => void {
    if (this.signal.aborted) return () => {}
    const stop = () => {
      clearTimeout(timer)
      this.signal.removeEventListener('abort', stop)
    }
    const timer = setTimeout(() => {
      stop()
      run()
    }, ms)
    this.signal.addEventListener('abort', stop)
    return stop
  }

  /** Tells the agent something that the caller does not hear. It is remembered over a reconnection. */
  tellAgent(text: string): void {
    this.transcript.note(text)
    if (!this.#link.isUp) return
    this.#link.transport.sendEvent({
      type: 'conversation.item.create',
      item: { type: 'message', role: 'system', content: [{ type: 'input_text', text }] }
    })
  }

  /** Has the agent speak, once it is free to; with `instructions` for this answer on top of its own. */
  askToSpeak(instructions?: string): void {
    void this.#requestResponse(instructions)
  }

  /** Stops what the agent is saying, where it was heard, as barge-in does. */
  interrupt(): void {
    if (this.#link.isUp) this.session.interrupt()
    else this.stream.sendClear()
  }

  /** Gives the model up and reaches it anew, with the conversation so far. */
  dropModel(error: ModelError): void {
    this.#link.drop(error)
  }

  /** The one way out. The first reason wins; safe to call twice, from any state, while connecting; never throws. */
  end(reason: EndReason): void {
    if (this.#state.name === 'ended') return
    const left = this.#state.name
    this.#apply({ type: 'ended', at: Date.now(), reason })
    this.#lifetime.abort()
    this.#spare?.close()
    this.#link.close()
    this.stream.close(reason === 'no_start' || reason === 'stream_refused' ? 1008 : 1000)
    const record = this.#record(reason)
    const level = this.config.log.transcripts ? { transcript: this.transcript.turns } : {}
    this.log.info({ ...record, from: undefined, to: undefined, caller: record.from, left, ...level }, 'call ended')
    this.facts.emit('ended', record)
    this.facts.removeAllListeners()
    this.#settle(record)
  }

  #listenToStream(): void {
    const { stream } = this
    stream.on('start', (start) => this.#onStart(start))
    stream.on('digit', (digit) => this.facts.emit('keyPressed', digit))
    stream.on('playing', () => {
      this.#firstAudioAt ??= Date.now()
      this.facts.emit('agentHeard')
    })
    stream.on('silent', (how) => this.facts.emit('agentSilent', how))
    stream.on('refused', (why) => this.log.warn({ why }, 'a frame was refused'))
    stream.on('abused', (limit) => {
      this.log.warn({ limit }, 'the stream was closed over a limit')
      this.end('stream_abused')
    })
    stream.on('gone', ({ stopped }) => this.#onGone(stopped))
  }

  #listenToModel(): void {
    const { session, transport } = this.#link
    // Without a listener every error of the model's would be an uncaught exception. (EventEmitter)
    session.on('error', (error) => this.#onSessionError(error))
    session.on('agent_handoff', (_context, from, to) => {
      this.#specialist = to as RealtimeAgent<CallContext>
      this.log.info({ from: from.name, to: to.name }, 'handoff')
    })
    session.on('agent_tool_start', (_context, _agent, tool) => this.facts.emit('toolStarted', tool.name))
    session.on('agent_tool_end', (_context, _agent, tool) => this.facts.emit('toolFinished', tool.name))
    this.#link.on('lost', (error) => this.#onModelLost(error))
    transport.onModel('input_audio_buffer.speech_started', () => this.facts.emit('callerSpeaking'))
    transport.onModel('input_audio_buffer.speech_stopped', () => this.facts.emit('callerSilent'))
    transport.onModel('input_audio_buffer.committed', ({ item_id }) => this.transcript.callerTurn(item_id))
    transport.onModel('conversation.item.input_audio_transcription.completed', ({ item_id, transcript }) => {
      this.transcript.callerWords(item_id, transcript)
    })
    transport.onModel('response.output_audio_transcript.delta', ({ item_id, delta }) => {
      this.transcript.agentWords(item_id, delta)
    })
    transport.onModel('response.created', () => {
      this.#isResponding = true
      this.facts.emit('responseStarted')
    })
    transport.onModel('response.done', ({ response }) => {
      this.#isResponding = false
      this.facts.emit('responseFinished', response)
    })
  }

  #onStart(start: StartFrame): void {
    this.log = this.log.child({ callSid: start.callSid, streamSid: start.streamSid })
    const admission = this.#dependencies.admit(start, this)
    if (!admission) return this.end('stream_refused')
    this.context.admit(admission)
    this.#apply({ type: 'accepted', at: Date.now() })
    for (const { text } of admission.memory) this.transcript.note(text)
    void this.#reachModel(this.#dependencies.takeWarmModel(start.callSid), admission.memory)
  }

  /** Reaches the model for the first time or again. Catches everything and ends the call itself. */
  async #reachModel(warm: ModelSocket | undefined, memory: readonly Memory[]): Promise<void> {
    this.#reaching += 1
    const reaching = this.#reaching
    const spare = this.#spare
    this.#spare = undefined
    if (warm) spare?.close()
    this.#outageSince ??= performance.now()
    const budgetMs = this.#outageSince + this.config.call.modelReconnectMs - performance.now()
    const isFirst = this.#state.name === 'connecting'
    try {
      await this.#link.reach(warm ?? spare, budgetMs, this.signal)
      if (memory.length > 0) await this.#link.restore(memory, this.#specialist)
    } catch (error) {
      // The caller hung up while we were connecting: closing the session is what made it reject.
      // Or the model was lost while it was being told the conversation: `#onModelLost` has begun anew.
      if (this.signal.aborted || reaching !== this.#reaching) return
      this.log.error({ err: error }, 'the model could not be reached')
      return this.end(error instanceof ModelError ? reasonFor(error.trouble) : 'internal_error')
    }
    if (this.signal.aborted || reaching !== this.#reaching) return
    this.#apply({ type: 'model ready' })
    // A model that opens and closes at once is still the same outage, with the same budget.
    this.after(PROVEN_MS, () => {
      if (reaching === this.#reaching && this.#link.isUp) this.#outageSince = undefined
    })
    this.facts.emit(isFirst ? 'live' : 'modelBack')
    this.stream.flowTo((frame) => this.#link.transport.sendFrame(frame))
  }

  #onModelLost(error: ModelError): void {
    this.log.warn({ err: error }, 'the model was lost')
    this.#isResponding = false
    this.stream.hold()
    if (error.isFinal) return this.end(reasonFor(error.trouble))
    this.#apply({ type: 'model lost', at: Date.now() })
    this.#reconnections += 1
    this.facts.emit('modelLost', error)
    void this.#reachModel(undefined, this.transcript.memory)
  }

  #onGone(stopped: boolean): void {
    const isEarly = this.#state.name === 'ringing' || this.#state.name === 'connecting'
    if (stopped) return this.end(isEarly ? 'caller_left_early' : 'caller_hung_up')
    this.end(isEarly ? 'caller_left_early' : 'stream_lost')
  }

  #onSessionError(error: unknown): void {
    const { code, message } = describeSessionError(error)
    if (isBenign({ code, message })) this.log.debug({ code }, 'the model had nothing left to cancel or cut')
    else this.log.error({ code, err: error }, 'session error')
  }

  async #requestResponse(instructions: string | undefined): Promise<void> {
    const { session, transport } = this.#link
    // A response's own instructions replace the session's, so the agent's come along.
    const own = instructions === undefined ? undefined : await session.currentAgent.getSystemPrompt(session.context)
    if (!this.#link.isUp) return
    const response = instructions === undefined ? {} : { response: { instructions: `${own ?? ''}\n\n${instructions}` } }
    transport.sendEvent({ type: 'response.create', ...response })
  }

  #apply(event: CallEvent): void {
    const before = this.#state
    this.#state = nextState(before, event)
    if (before !== this.#state) this.log.info({ from: before.name, to: this.#state.name }, 'call state')
  }

  #record(endReason: EndReason): CallRecord {
    const startedAt = 'startedAt' in this.#state ? (this.#state.startedAt ?? this.#openedAt) : this.#openedAt
    const endedAt = Date.now()
    return {
      callSid: this.context.callSid || undefined,
      streamSid: this.stream.streamSid,
      from: this.context.from,
      to: this.context.to,
      startedAt: new Date(startedAt).toISOString(),
      endedAt: new Date(endedAt).toISOString(),
      durationMs: endedAt - startedAt,
      firstAudioMs: this.#firstAudioAt === undefined ? undefined : this.#firstAudioAt - startedAt,
      turns: this.transcript.turns.length,
      reconnections: this.#reconnections,
      endReason
    }
  }
}
