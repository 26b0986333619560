import { EventEmitter } from 'node:events'
import type { RealtimeAgent } from '@openai/agents/realtime'
import type { FastifyBaseLogger } from 'fastify'
import type { RawData } from 'ws'
import type { CallContext } from '../agent/context.ts'
import type { Config } from '../config.ts'
import { type ModelError, RENEWAL, withoutQuote } from '../model/errors.ts'
import { type FinishedResponse, UnreadableEvent } from '../model/events.ts'
import { withInstructions } from '../model/opening.ts'
import type { SessionSettings } from '../model/session.ts'
import type { ModelSocket } from '../model/socket.ts'
import type { CallRecord, EndReason } from '../records/record.ts'
import type { MediaFrame, StartFrame } from '../twilio/frames.ts'
import type { MediaStream } from '../twilio/media-stream.ts'
import type { StreamClaims } from '../twilio/stream-token.ts'
import { Activity } from './activity.ts'
import { CallerContext } from './caller-context.ts'
import { Conversation } from './conversation.ts'
import { closeCodeFor, reasonFor } from './end-reason.ts'
import { type EndWhenHeard, endWhenHeard } from './end-when-heard.ts'
import type { CallFacts } from './facts.ts'
import { logSession } from './log-session.ts'
import { ModelLink } from './model-link.ts'
import { type CallEvent, type CallState, nextState } from './state.ts'
import { ToolRuns } from './tool-runs.ts'
import type { Memory, Transcript } from './transcript.ts'

/** The longest that `setTimeout` waits: with a longer time it runs at once, and a session that ends in years would be renewed now. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** Who a stream turned out to be. */
export interface Admission {
  readonly claims: StreamClaims
  /** What was said before, when the caller comes back to the agent on the same call; empty on a first visit. */
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

/** Where a caller goes when the agent lets go of them. */
export interface Transfer {
  readonly target: string
  readonly summary: string
}

/** One caller, one stream, one session. What a receptionist does beyond that is in `behaviours/`. */
export class Call {
  readonly facts = new EventEmitter<CallFacts>({ captureRejections: true })
  /** Settles once, when the call has ended, with its record. Never rejects. */
  readonly ended: Promise<CallRecord>
  readonly stream: MediaStream
  readonly context: CallerContext
  readonly config: Config
  readonly openModel: () => ModelSocket
  log: FastifyBaseLogger
  /** Set before the call ends as `transferred`. */
  transfer: Transfer | undefined
  /** The caller has talked to the agent before, on this same call. */
  isReturning = false
  readonly #activity: Activity
  readonly #link: ModelLink
  readonly #tools: ToolRuns
  readonly #conversation: Conversation
  readonly #audioTaps: ((frame: MediaFrame) => void)[] = []
  readonly #answersByItself: boolean
  readonly #dependencies: CallDependencies
  readonly #lifetime = new AbortController()
  /** Those of `after`, which come and go with every answer: a listener on the signal for each would cost more than they do. */
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #openedAt = Date.now()
  #settle: (record: CallRecord) => void = () => {}
  #spare: ModelSocket | undefined
  #state: CallState = { name: 'ringing' }
  #firstAudioAt: number | undefined
  #reconnections = 0

  /** Must be called in the tick in which the socket was accepted: what arrives before a listener is lost. */
  constructor(stream: MediaStream, dependencies: CallDependencies) {
    this.stream = stream
    this.config = dependencies.config
    this.log = dependencies.log
    this.openModel = dependencies.openModel
    this.#dependencies = dependencies
    this.#spare = dependencies.spareModel
    this.#answersByItself = !dependencies.session.takesTurns
    this.ended = new Promise((resolve) => {
      this.#settle = resolve
    })
    // A behaviour or two for each fact is normal; Node's warning is about leaks.
    this.facts.setMaxListeners(50)
    this.#conversation = new Conversation(stream.playback)
    this.#activity = new Activity(this)
    this.#tools = new ToolRuns(this)
    this.context = new CallerContext(this.facts, this.config.call.transferTargets, (name, invoke) =>
      this.#tools.run(name, invoke)
    )
    this.#link = new ModelLink({
      agent: dependencies.agent,
      settings: dependencies.session,
      apiKey: this.config.openai.apiKey,
      context: { call: this.context },
      stream,
      budgetMs: this.config.call.modelReconnectMs,
      openSocket: dependencies.openModel,
      memory: () => this.#conversation.memory(this.#tools.running),
      waitingSince: () => this.#activity.waitingSince,
      isAnswerDue: () => this.#activity.owed !== undefined || this.#activity.isResponding,
      onBadEvent: (error) => this.#logBadEvent(error),
      onFault: (error) => this.fail(error)
    })
    this.#listenToStream()
    this.#conversation.follow(this.#link)
    this.#listenToModel()
    logSession(this)
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

  get transport() {
    return this.#link.transport
  }

  get isModelUp(): boolean {
    return this.#link.isUp
  }

  /** Who is speaking, what runs, what is owed. */
  get activity(): Activity {
    return this.#activity
  }

  /** The greeting was asked for before the stream was there. */
  get isGreeting(): boolean {
    return this.#link.isGreeting
  }

  /** Words of the caller that no model has understood yet: the next one hears them again. */
  get hasUnheardWords(): boolean {
    return this.#conversation.hasUnheardWords
  }

  get transcript(): Transcript {
    return this.#conversation.transcript
  }

  /** How often the model was lost. */
  get modelGeneration(): number {
    return this.#reconnections
  }

  /** Runs after `ms`, unless the call has ended or the returned function was called. */
  after(ms: number, run: () => void): () => void {
    if (this.signal.aborted) return () => {}
    const expire = () => {
      this.#timers.delete(timer)
      this.#contain(run)
    }
    const timer = setTimeout(expire, Math.min(ms, LONGEST_TIMER_MS))
    this.#timers.add(timer)
    return () => {
      clearTimeout(timer)
      this.#timers.delete(timer)
    }
  }

  /** Tells the agent something that the caller does not hear. It is remembered when the model has to start anew. */
  tellAgent(text: string): void {
    this.transcript.note(text)
    if (!this.isModelUp) return
    const item = { type: 'message', role: 'system', content: [{ type: 'input_text', text }] }
    this.transport.sendEvent({ type: 'conversation.item.create', item })
  }

  /** Has the agent speak as soon as it is free to; `instructions` are for this one answer, on top of its own. */
  askToSpeak(instructions?: string): void {
    this.#activity.owe(instructions)
    if (instructions === undefined) return this.#request({})
    this.#agentInstructions()
      .then((own) => this.#request({ instructions: withInstructions(own, instructions) }))
      .catch((error) => this.fail(error))
  }

  /** Asks for the session to be confirmed, or for an answer to be given up, past whatever the SDK waits for. */
  nudge(event: 'response.cancel' | 'session.update'): void {
    const session = event === 'session.update' ? { session: { type: 'realtime' } } : {}
    this.#link.sendPastQueue({ type: event, ...session })
  }

  /** Asks for the answer that is owed past the SDK's queue, which waits for what becomes of a request that may be lost. */
  nudgeAnswer(): void {
    const instructions = this.#activity.owed?.instructions
    const ask = (response: object) => this.#link.sendPastQueue({ type: 'response.create', response })
    if (instructions === undefined) return ask({})
    this.#agentInstructions()
      .then((own) => ask({ instructions: withInstructions(own, instructions) }))
      .catch((error) => this.fail(error))
  }

  /** Stops what the agent is saying, where it was heard, as barge-in does. */
  interrupt(): void {
    this.#contain(() => {
      if (this.isModelUp) this.session.interrupt()
      // Audio that Twilio got from a model that was lost since is not known to the SDK any more.
      if (this.stream.playback.isPlaying) this.stream.sendClear()
    })
  }

  /** Takes a finished turn of the caller's out of the conversation, as if it had not been said. */
  forgetTurn(itemId: string): void {
    this.transcript.forget(itemId)
    this.#activity.callerTurns -= 1
    if (this.isModelUp) this.transport.forget(itemId)
  }

  /** Hears the caller's audio on its way to the model, frame by frame. */
  onCallerAudio(tap: (frame: MediaFrame) => void): void {
    this.#audioTaps.push(tap)
  }

  /** Gives the model up and reaches it anew, with the conversation so far. @param next one that is open already */
  dropModel(error: ModelError, next?: ModelSocket): void {
    this.#link.drop(error, next)
  }

  /** Ends the call once the agent was heard out; see EndWhenHeard. */
  endWhenHeard(reason: EndReason, options: EndWhenHeard): void {
    endWhenHeard(this, reason, options)
  }

  /** The one way out. The first reason wins; safe to call twice, from any state, while connecting; never throws. */
  end(reason: EndReason): void {
    if (this.#state.name === 'ended') return
    const from = this.#state.name
    this.#apply({ type: 'ended', at: Date.now(), reason })
    this.#lifetime.abort()
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
    this.#spare?.close()
    // Either tells whoever listens in, and what they throw must not keep the other open.
    this.#contain(() => this.#link.close())
    this.#contain(() => this.stream.close(closeCodeFor(reason)))
    const record = this.#record(reason)
    const { from: caller, to: _, ...summary } = record
    const words = this.config.log.transcripts ? { said: this.transcript.turns } : {}
    this.log.info({ ...summary, caller, endedFrom: from, ...words }, 'call ended')
    this.#contain(() => this.facts.emit('ended', record))
    this.facts.removeAllListeners()
    this.#settle(record)
  }

  /** An exception, of ours or of whoever listens in, ends this call and no other. */
  fail(error: unknown): void {
    this.log.error({ err: error }, 'a fault ended the call')
    this.end('internal_error')
  }

  #logBadEvent(error: unknown): void {
    const fields = error instanceof UnreadableEvent ? { event: error.event } : { err: withoutQuote(error) }
    this.log.warn(fields, 'the SDK could not read an event')
  }

  /** Around everything that a socket, a timer or a promise begins: nobody above it would catch what is thrown. */
  #contain(run: () => void): void {
    try {
      run()
    } catch (error) {
      this.fail(error)
    }
  }

  #listenToStream(): void {
    const { stream, facts } = this
    stream.on('start', (start) => this.#onStart(start))
    stream.on('digit', (digit) => facts.emit('keyPressed', digit))
    stream.on('playing', () => {
      this.#firstAudioAt ??= Date.now()
      this.#link.heard()
      facts.emit('agentHeard')
    })
    stream.on('silent', (how) => facts.emit('agentSilent', how))
    stream.on('dropped', () => this.log.warn({ limit: 'unplayed audio' }, 'the agent is minutes ahead of the caller'))
    stream.on('refused', (why) => this.log.warn({ why }, 'a frame was refused'))
    stream.on('abused', (limit) => {
      this.log.warn({ limit }, 'the stream was closed over a limit')
      this.end('stream_abused')
    })
    stream.on('gone', ({ stopped }) => this.#onGone(stopped))
    stream.on('fault', (error) => this.fail(error))
    Object.assign(facts, { [EventEmitter.captureRejectionSymbol]: (error: unknown) => this.fail(error) })
    const tell = (message: RawData) => this.transport.emitTwilioMessage(JSON.parse(message.toString()))
    this.transport.watchRawListeners((isHeard) => stream.tapRaw(isHeard ? tell : undefined))
  }

  #listenToModel(): void {
    const { facts, transport } = this
    this.#link.on('up', () => this.#contain(() => this.#onModelUp()))
    this.#link.on('lost', (error) => this.#contain(() => this.#onModelLost(error)))
    this.#link.on('failed', (error) => {
      this.log.error({ trouble: error.trouble, code: error.code, err: error.cause }, 'the model could not be had')
      this.end(reasonFor(error.trouble))
    })
    this.session.on('agent_handoff', () => {
      // The SDK asks the specialist to speak; a model that is lost before it does still owes it.
      if (this.isModelUp) this.#activity.owe(undefined)
    })
    transport.onModel('input_audio_buffer.speech_started', () => {
      facts.emit('callerSpeaking')
      // The SDK clears what it knows of; after a reconnection it knows nothing of what Twilio still plays.
      setImmediate(() => this.#contain(() => this.#clearForgottenAudio()))
    })
    transport.onModel('input_audio_buffer.speech_stopped', () => facts.emit('callerSilent'))
    transport.onModel('input_audio_buffer.committed', ({ item_id }) => {
      if (this.#answersByItself) this.#activity.owe(undefined)
      facts.emit('callerTurn', item_id)
    })
    transport.onModel('response.output_audio_transcript.delta', () => facts.emit('agentWords'))
    transport.onModel('response.created', () => facts.emit('responseStarted'))
    transport.onModel('response.done', ({ response }) => {
      if (isFinished(response)) this.#link.finishedAnswer()
      facts.emit('responseFinished', response)
    })
  }

  #onStart(start: StartFrame): void {
    this.log = this.log.child({ callSid: start.callSid, streamSid: start.streamSid })
    const admission = this.#dependencies.admit(start, this)
    if (!admission) return this.end('stream_refused')
    this.context.admit(admission)
    this.isReturning = admission.memory.length > 0 || admission.returnedFrom !== undefined
    this.transcript.recall(admission.memory)
    this.#apply({ type: 'accepted', at: Date.now() })
    this.facts.emit('accepted')
    const warm = this.#dependencies.takeWarmModel(start.callSid)
    if (warm) this.#spare?.close()
    this.#link.seek(warm ?? this.#spare)
    this.#spare = undefined
  }

  #onModelUp(): void {
    const isFirst = this.#state.name === 'connecting'
    this.#apply({ type: 'model ready' })
    const sink = (frame: MediaFrame) => {
      this.#conversation.hear(frame.audio)
      this.transport.sendFrame(frame)
      for (const tap of this.#audioTaps) tap(frame)
    }
    this.facts.emit(isFirst ? 'live' : 'modelBack')
    // Words that the last model took with it come first, then what was held since.
    const audio = this.#conversation.takeUnheard()
    if (audio) sink({ event: 'media', streamSid: this.stream.streamSid ?? '', audio, timestampMs: undefined })
    this.stream.flowTo(sink)
  }

  #onModelLost(error: ModelError): void {
    if (error.code !== RENEWAL) this.log.warn({ trouble: error.trouble, code: error.code }, 'the model was lost')
    this.stream.hold()
    this.#reconnections += 1
    this.#apply({ type: 'model lost', at: Date.now() })
    this.facts.emit('modelLost', error)
  }

  #onGone(stopped: boolean): void {
    const isEarly = this.#state.name === 'ringing' || this.#state.name === 'connecting'
    if (isEarly) this.end('caller_left_early')
    else this.end(stopped ? 'caller_hung_up' : 'stream_lost')
  }

  #clearForgottenAudio(): void {
    const { playback } = this.stream
    if (this.transport.holdInterruption()) return
    const { isCallerSpeaking, isResponding } = this.#activity
    if (isCallerSpeaking && !isResponding && playback.isAgentPlaying) this.stream.sendClear()
  }

  async #agentInstructions(): Promise<string> {
    const { currentAgent, context } = this.session
    return (await currentAgent.getSystemPrompt(context)) ?? ''
  }

  #request(response: { instructions?: string }): void {
    if (this.isModelUp) this.transport.sendEvent({ type: 'response.create', response })
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

/** An answer came to its end, or was spoken over; one that failed, or that we told to end, proves nothing. */
function isFinished({ status, status_details: details }: FinishedResponse): boolean {
  return status === 'completed' || status === 'incomplete' || details?.reason === 'turn_detected'
}
