import type { CallControl, Caller, EarlierCall, Message } from '../agent/context.ts'
import { type AgentStore, type CallStore, storeOf } from '../agent/store.ts'
import type { Config } from '../config.ts'
import type { Admission } from './admission.ts'
import { callerOf } from './caller-hash.ts'
import type { Journal } from './journal.ts'
import type { RecordingConsent } from './recording-consent.ts'
import type { ToolRuns } from './tool-runs.ts'

/** What the agent's methods need of a call; there is none while the stream has not opened. */
interface Port {
  readonly journal: Journal
  readonly tools: ToolRuns
  readonly consent: RecordingConsent
}

/** What the server gives the agent's tools. */
export interface AgentSide {
  /** Where they keep what outlives the call. */
  readonly store: AgentStore
  readonly now: () => Date
}

type Settings = Pick<Config['call'], 'transferTargets' | 'recording'>

/**
 * What the agent knows of its call and may do with it. It exists before the caller is known, because the session is
 * created as soon as the stream opens. `admit` fills it in, only with verified values.
 */
export class CallerContext implements Caller, CallControl {
  callSid = ''
  from: string | undefined
  to: string | undefined
  direction = 'inbound'
  parameters: Readonly<Record<string, string>> = {}
  returnedFrom: string | undefined
  earlier: readonly EarlierCall[] = []
  /** The caller has talked to the agent before, on this same call. */
  isReturning = false
  readonly transferTargets: readonly string[]
  readonly asksToRecord: boolean
  readonly store: CallStore
  readonly now: () => Date
  readonly #port: Port | undefined

  constructor({ transferTargets, recording }: Settings, { store, now }: AgentSide, port: Port | undefined) {
    this.#port = port
    this.now = now
    this.store = storeOf(() => ({ callSid: this.callSid, caller: callerOf(this) }), store)
    this.transferTargets = [...transferTargets.keys()]
    this.asksToRecord = recording === 'ask'
  }

  /** The context of a caller whose stream has not opened yet, for the early greeting. */
  static before(admission: Admission, settings: Settings, side: AgentSide): CallerContext {
    const context = new CallerContext(settings, side, undefined)
    context.admit(admission)
    return context
  }

  /** Called by the wrapper around every tool (tools.ts). The agent does not see it. */
  runTool(name: string, invoke: () => Promise<unknown>, input: string | undefined): Promise<unknown> {
    return this.#port ? this.#port.tools.run(name, invoke, input) : invoke()
  }

  admit({ claims, memory, returnedFrom }: Admission): void {
    this.callSid = claims.callSid
    this.from = claims.from
    this.to = claims.to
    this.direction = claims.direction
    this.parameters = claims.parameters
    this.returnedFrom = returnedFrom
    this.isReturning = memory.length > 0 || returnedFrom !== undefined
  }

  endCall(): void {
    this.#port?.journal.emit({ type: 'end_asked' })
  }

  transfer(target: string, summary: string): void {
    if (!this.transferTargets.includes(target)) throw new RangeError(`no transfer target is called ${target}`)
    this.#port?.journal.emit({ type: 'transfer_asked', target, summary })
  }

  async collectDigits({ count, timeoutMs }: { count: number; timeoutMs: number }): Promise<string> {
    // The keys sound on the line, and some callers say them aloud.
    const resume = this.pauseRecording()
    const asked = Promise.withResolvers<string>()
    this.#port?.journal.emit({ type: 'digits_asked', count, timeoutMs, give: asked.resolve })
    return asked.promise.finally(resume)
  }

  answerRecording(isAllowed: boolean): void {
    this.#port?.consent.answer(isAllowed)
  }

  pauseRecording(): () => void {
    return this.#port?.consent.pause() ?? (() => {})
  }

  messageTaken({ from, phone, text }: Message): void {
    this.#port?.journal.emit({ type: 'message_taken', from, phone, text })
  }

  toolFailed(tool: string | undefined, error: unknown): void {
    this.#port?.tools.noteFailure(tool, error)
  }
}
