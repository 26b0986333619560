import type { Call } from '../call/call.ts'
import { faultOf, isRefused } from '../call/end-reason.ts'
import type { CallEvent, Usage } from '../call/events.ts'
import { stagesOf } from '../call/stages.ts'
import type { KeptTurn } from '../call/turns.ts'
import { usd } from '../records/prices.ts'
import type { Instruments } from './instruments.ts'
import { type AgentNames, codeOf, directionOf, STAGES } from './labels.ts'
import { TurnOutcomes } from './turn-outcomes.ts'

type Event<T extends CallEvent['type']> = Extract<CallEvent, { type: T }>

/** Reads one stream of a call into the instruments, as it happens. */
export class ReadCall {
  readonly #to: Instruments
  readonly #names: AgentNames
  readonly #outcomes: TurnOutcomes
  /** Answers that were heard: their words may still change them. */
  readonly #heard = new WeakSet<KeptTurn>()
  /** Undefined before the caller is verified. */
  #accepted: { readonly atMs: number; readonly direction: string } | undefined
  /** Since when the call has no model. */
  #seeksSince: number | undefined
  #hasSpoken = false

  constructor(call: Call, to: Instruments, names: AgentNames) {
    this.#to = to
    this.#names = names
    this.#outcomes = new TurnOutcomes((outcome) => to.turns.inc({ outcome }))
    call.record.onTurn((turn) => this.#onTurn(turn))
    call.journal.follow(({ atMs, event }) => this.#onEvent(atMs, event))
  }

  #onEvent(atMs: number, event: CallEvent): void {
    const to = this.#to
    this.#outcomes.note(event)
    switch (event.type) {
      case 'accepted': {
        this.#accepted = { atMs, direction: directionOf(event.claims.direction) }
        this.#hasSpoken = event.before?.firstAudioMs !== undefined
        this.#seeksSince = atMs
        return
      }
      case 'live':
        return this.#connected(atMs, event.greets)
      case 'model_back':
        return this.#connected(atMs, false)
      case 'model_lost':
        this.#seeksSince = atMs
        if (!event.isRenewal) to.losses.inc({ code: codeOf(event.code) })
        return
      case 'model_failed':
        return to.losses.inc({ code: codeOf(event.code) })
      case 'agent_heard':
        return this.#spoke(atMs)
      case 'barge_in':
        to.interruptions.inc({ kind: 'real' })
        return to.bargeIns.observe(event.talkOverMs / 1_000)
      case 'turn_forgotten':
        return to.interruptions.inc({ kind: 'ignored' })
      case 'tool_finished': {
        const outcome = event.failed ? 'failed' : 'ok'
        return to.tools.observe({ tool: this.#names.tool(event.name), outcome }, event.ms / 1_000)
      }
      case 'guardrail':
        return to.guardrails.inc({ name: this.#names.guardrail(event.name) })
      case 'usage':
        return this.#used(event)
      case 'ended':
        return this.#ended(atMs, event)
    }
  }

  #onTurn(turn: KeptTurn): void {
    const { sentMs, cut, toolMs, stations } = turn
    if (turn.who !== 'agent' || sentMs === undefined || this.#heard.has(turn)) return
    this.#heard.add(turn)
    if (stations.committed === undefined) return
    this.#outcomes.answered(turn)
    const stages = cut ? undefined : stagesOf(turn)
    if (!stages) return
    const tool = String(toolMs !== undefined)
    for (const stage of STAGES) this.#to.responses.observe({ stage, tool }, stages[stage] / 1_000)
  }

  #connected(atMs: number, isWarm: boolean): void {
    if (this.#seeksSince === undefined) return
    this.#to.connects.observe({ warm: String(isWarm) }, (atMs - this.#seeksSince) / 1_000)
    this.#seeksSince = undefined
  }

  /** The same time as `firstAudioMs` of the record. */
  #spoke(atMs: number): void {
    if (this.#hasSpoken || !this.#accepted) return
    this.#hasSpoken = true
    this.#to.firstAudio.observe(Math.round(atMs - this.#accepted.atMs) / 1_000)
  }

  #used({ answer, model, usage }: Event<'usage'>): void {
    const isAnswer = answer !== undefined
    this.#to.cost.inc({ part: isAnswer ? 'model' : 'transcription' }, usd({ ...usage, model }) ?? 0)
    if (isAnswer) this.#countTokens(usage)
  }

  #countTokens({ textIn, audioIn, cachedText, cachedAudio, textOut, audioOut }: Usage): void {
    const count = (type: string, modality: string, cached: boolean, tokens: number) =>
      this.#to.tokens.inc({ type, modality, cached: String(cached) }, Math.max(0, tokens))
    count('input', 'text', false, textIn - cachedText)
    count('input', 'text', true, cachedText)
    count('input', 'audio', false, audioIn - cachedAudio)
    count('input', 'audio', true, cachedAudio)
    count('output', 'text', false, textOut)
    count('output', 'audio', false, audioOut)
  }

  #ended(atMs: number, { reason }: Event<'ended'>): void {
    if (isRefused(reason)) return this.#to.rejected.inc({ why: reason === 'no_start' ? 'no_start' : 'stream_token' })
    if (!this.#accepted) return
    const { direction } = this.#accepted
    this.#to.calls.inc({ direction, end_reason: reason, fault: faultOf(reason) })
    this.#to.durations.observe((atMs - this.#accepted.atMs) / 1_000)
  }
}
