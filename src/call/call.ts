import type { FastifyBaseLogger } from 'fastify'
import type { CallContext } from '../agent/context.ts'
import type { Config } from '../config.ts'
import { Activity } from './activity.ts'
import type { Admission, Memory, Recall } from './admission.ts'
import { type AgentSide, CallerContext } from './caller-context.ts'
import { translateCaller } from './caller-events.ts'
import { type CallerLeg, endReasonOf, type StreamStart } from './caller-leg.ts'
import { contain } from './contain.ts'
import { type EndReason, isRefused } from './end-reason.ts'
import type { Transfer } from './events.ts'
import { Journal } from './journal.ts'
import { conversationFor } from './memory.ts'
import { type CallSide, endReasonFor, type ModelError, type ModelLeg } from './model-leg.ts'
import { type CallRecord, type GrowingRecord, keepRecord } from './record.ts'
import { RecordingConsent } from './recording-consent.ts'
import { type CallState, nextState, type StateEvent } from './state.ts'
import { Timers } from './timers.ts'
import { ToolRuns } from './tool-runs.ts'
import { Transcript } from './transcript.ts'

export interface CallParts extends AgentSide {
  readonly config: Config
  readonly log: FastifyBaseLogger
  /** Listens to its socket already, because ws drops what arrives before a listener. */
  readonly caller: CallerLeg
  /** Makes the model's leg, which connects only at `seek`. */
  readonly createModelLeg: (call: CallSide) => ModelLeg
  /** Undefined: earlier calls are not told to the agent. */
  readonly recall: Recall | undefined
  /** Verifies the stream's token; undefined refuses the stream. */
  readonly admit: (start: StreamStart) => Admission | undefined
}

/** One call: its two legs, its state and its end. What the agent does during a call is in `behaviours/`. */
export class Call implements CallSide {
  readonly config: Config
  readonly caller: CallerLeg
  readonly journal: Journal
  readonly transcript: Transcript
  /** Who is speaking, which tools run, which answer is owed. */
  readonly activity: Activity
  readonly model: ModelLeg
  readonly context: CallerContext
  readonly agentContext: CallContext
  log: FastifyBaseLogger
  /** Set before the call ends as `transferred`. */
  transfer: Transfer | undefined
  /** What is kept of the call, as it grows. */
  readonly record: GrowingRecord
  readonly #tools: ToolRuns
  readonly #admit: CallParts['admit']
  readonly #recall: Recall | undefined
  readonly #lifetime = new AbortController()
  readonly #timers = new Timers()
  readonly #outcome = Promise.withResolvers<CallRecord>()
  #state: CallState = { name: 'ringing' }

  /**
   * Must be called in the tick in which the socket was accepted. Adds every listener at once, because ws drops what
   * arrives before a listener.
   */
  constructor({ config, log, caller, createModelLeg, store, now, recall, admit }: CallParts) {
    this.config = config
    this.log = log
    this.caller = caller
    this.#admit = admit
    this.#recall = recall
    const journal = new Journal({
      ofListener: (error) => this.fail(error),
      ofReader: (err) => this.log.error({ err }, 'a reader of the journal has failed')
    })
    this.journal = journal
    this.record = keepRecord(journal)
    this.transcript = new Transcript((itemId) => caller.playback.heard(itemId))
    this.transcript.follow(journal)
    this.activity = new Activity({ journal, playback: caller.playback, stateName: () => this.#state.name })
    this.#tools = new ToolRuns({
      call: this,
      journal,
      activity: this.activity,
      signal: this.signal,
      remember: (text) => this.transcript.note(text),
      tellAgent: (text) => this.tellAgent(text),
      askToSpeak: () => this.askToSpeak(),
      tellsErrors: config.log.toolErrors
    })
    const consent = new RecordingConsent(config.call.recording, journal)
    this.context = new CallerContext(config.call, { store, now }, { journal, tools: this.#tools, consent })
    this.agentContext = { call: this.context }
    this.#listenToCaller()
    this.model = createModelLeg(this)
    this.#listenToModel()
  }

  get state(): CallState {
    return this.#state
  }

  /** Resolves to the call's record when the call has ended and the missing transcriptions have come. Never rejects. */
  get ended(): Promise<CallRecord> {
    return this.#outcome.promise
  }

  /** Aborted when the call ends. The timers and listeners of behaviours end with it. */
  get signal(): AbortSignal {
    return this.#lifetime.signal
  }

  /** Runs after `ms`, unless the call has ended or the returned function was called. */
  after(ms: number, run: () => void): () => void {
    return this.#timers.after(ms, () => this.#contain(run))
  }

  /** Gives the agent a note that the caller does not hear. A session that takes over gets the note too. */
  tellAgent(text: string): void {
    this.transcript.note(text)
    if (this.model.isUp) this.model.tell(text)
  }

  /** Has the agent speak as soon as it is free to; `instructions` are for this one answer, on top of its own. */
  askToSpeak(instructions?: string): void {
    this.activity.owe(instructions)
    if (this.model.isUp) this.model.ask(instructions)
  }

  /** Stops the agent as barge-in does: the conversation keeps only the words that were played. */
  interrupt(): void {
    this.#contain(() => {
      if (this.model.isUp) this.model.interrupt()
      // The model's leg no longer knows audio that came from a lost session.
      if (this.caller.playback.isPlaying) this.caller.clear()
    })
  }

  /** @param decide asked when speech has just started: true lets the agent go on, until `interrupt` is called */
  holdInterruption(decide: () => boolean): void {
    this.activity.isOnlyASound = decide
    this.model.turns?.holdInterruption(decide)
  }

  /** Removes a finished turn of the caller's from the conversation. */
  forgetTurn(turn: string): void {
    this.journal.emit({ type: 'turn_forgotten', turn })
    if (this.model.isUp) this.model.turns?.forget(turn)
  }

  /** The conversation for a session that takes over. @param hearsAgain it gets the caller's last words as sound */
  memory(hearsAgain: boolean): readonly Memory[] {
    return conversationFor(this.transcript, this.#tools.running, hearsAgain)
  }

  /** The one way out. The first reason wins. Safe to call twice and in any state, also while connecting. Never throws. */
  end(reason: EndReason): void {
    if (this.#state.name === 'ended') return
    const endedFrom = this.#state.name
    const at = Date.now()
    this.#apply({ type: 'ended', at, reason })
    this.#lifetime.abort()
    this.#timers.stop()
    let words = Promise.resolve()
    // Closing a leg emits events. A listener that throws must not keep the other leg open.
    this.#contain(() => {
      words = this.model.close()
    })
    this.#contain(() => this.caller.close(isRefused(reason) ? 'refused' : 'over'))
    this.journal.emit({ type: 'ended', at, reason, endedFrom })
    void words.then(() => this.#outcome.resolve(this.record.finish()))
  }

  /** An exception of the server's or of a listener ends this call and no other. */
  fail(error: unknown): void {
    this.log.error({ err: error }, 'a fault ended the call')
    this.end('internal_error')
  }

  #contain(run: () => void): void {
    contain(run, (error) => this.fail(error))
  }

  #listenToCaller(): void {
    translateCaller(this)
    const { caller } = this
    caller.on('start', (start) => this.#onStart(start))
    caller.on('abused', () => this.end('stream_abused'))
    caller.on('gone', (how) => this.end(endReasonOf(how, this.#state.name)))
    caller.on('fault', (error) => this.fail(error))
  }

  #listenToModel(): void {
    const { journal, model } = this
    model.on('up', ({ greets, hearsAgain }) =>
      this.#contain(() => {
        const isFirst = this.#state.name === 'connecting'
        this.#apply({ type: 'model ready' })
        journal.emit(isFirst ? { type: 'live', greets } : { type: 'model_back', hearsAgain })
        this.caller.flowTo((frame) => model.hear(frame))
      })
    )
    model.on('lost', ({ trouble, code }: ModelError, { isRenewal }) =>
      this.#contain(() => {
        this.caller.hold()
        this.#apply({ type: 'model lost', at: Date.now() })
        journal.emit({ type: 'model_lost', trouble, code, isRenewal })
      })
    )
    model.on('failed', ({ trouble, code, cause }) => {
      this.log.error({ trouble, code, err: cause }, 'the model could not be had')
      journal.emit({ type: 'model_failed', trouble, code })
      this.end(endReasonFor(trouble))
    })
  }

  #onStart(start: StreamStart): void {
    const { callSid, streamSid, isPractice } = start
    this.log = this.log.child({ callSid, streamSid })
    const admission = this.#admit(start)
    if (!admission) return this.end('stream_refused')
    const { claims, before } = admission
    const at = Date.now()
    this.journal.begin(at - (before?.startedAt ?? at))
    this.context.admit(admission)
    this.transcript.recall(admission.memory)
    this.#apply({ type: 'accepted', at })
    const { isReturning } = this.context
    this.journal.emit({ type: 'accepted', at, claims, streamSid, isPractice, isReturning, before })
    this.#seekModel(admission)
  }

  /** The agent's instructions are made when the model is sought: what earlier calls left has to be known by then. */
  #seekModel(admission: Admission): void {
    if (!this.#recall) return this.model.seek(admission)
    void this.#recall(admission.claims).then((earlier) =>
      this.#contain(() => {
        this.context.earlier = earlier
        if (this.#state.name !== 'ended') this.model.seek(admission)
      })
    )
  }

  #apply(event: StateEvent): void {
    const before = this.#state
    this.#state = nextState(before, event)
    if (before !== this.#state) this.log.info({ from: before.name, to: this.#state.name }, 'call state')
  }
}
