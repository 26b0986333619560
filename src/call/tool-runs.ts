import { inspect } from 'node:util'
import { backgroundResult, isBackgroundResult } from '@openai/agents/realtime'
import * as cues from '../agent/cues.ts'
import type { Activity } from './activity.ts'
import type { ToolFailure } from './events.ts'
import type { Journal } from './journal.ts'
import { runFor } from './owner.ts'

/** What tool runs need of their call. */
interface Port {
  readonly call: Parameters<typeof runFor>[0]
  readonly journal: Journal
  readonly activity: Activity
  readonly signal: AbortSignal
  readonly remember: (text: string) => void
  readonly tellAgent: (text: string) => void
  readonly askToSpeak: () => void
  /** Errors are told whole: whoever reads of them is the tool's developer. */
  readonly tellsErrors: boolean
}

interface Run {
  readonly id: number
  readonly name: string
  readonly startedAt: number
  readonly isRecorded: boolean
  /** The session that called the tool was lost meanwhile. */
  isOrphaned: boolean
  failed: ToolFailure | undefined
}

/**
 * The tools that run on a call. Each runs once, and its outcome reaches the agent even when the model is lost
 * meanwhile.
 */
export class ToolRuns {
  readonly #port: Port
  readonly #running = new Set<Run>()
  #count = 0

  constructor(port: Port) {
    this.#port = port
    port.journal.on('model_lost', () => {
      for (const run of this.#running) run.isOrphaned = true
    })
  }

  /** Names of the tools that have not answered yet. */
  get running(): readonly string[] {
    return [...this.#running].map(({ name }) => name)
  }

  /** Records the failure of a tool that answers in a sentence nevertheless. @param error what the tool threw */
  noteFailure(name: string | undefined, error: unknown): void {
    // The SDK gives no name when a tool's arguments do not fit its schema. It reads them as soon as a tool has started,
    // so the failure belongs to the run that started last.
    const run = [...this.#running].findLast((one) => name === undefined || one.name === name)
    if (!run) return
    run.failed = failureOf(error, this.#port.tellsErrors)
    // A tool that timed out goes on in the background. The SDK has answered for it, so the call stops waiting.
    setImmediate(() => {
      if (this.#finish(run)) this.#owing(undefined)
    })
  }

  /** @param input the tool's arguments; undefined for a tool whose runs are not recorded */
  async run(name: string, invoke: () => Promise<unknown>, input: string | undefined): Promise<unknown> {
    const { call, activity, journal } = this.#port
    const { callerTurns } = activity
    this.#count += 1
    const isRecorded = input !== undefined
    const startedAt = performance.now()
    const run: Run = { id: this.#count, name, startedAt, isRecorded, isOrphaned: false, failed: undefined }
    this.#running.add(run)
    journal.emit({ type: 'tool_started', run: run.id, name, arguments: input })
    let outcome = cues.toolFailed
    let isLastWord = false
    try {
      const result = await runFor(call, invoke)
      outcome = asText(result)
      isLastWord = isBackgroundResult(result)
      const isAwaited = activity.callerTurns === callerTurns && !activity.hasCallerTheFloor
      return this.#owing(isAwaited ? result : this.#inPassing(result))
    } catch (error) {
      // The SDK sends no answer for a tool that threw, and the model would wait for ever.
      run.failed = failureOf(error, this.#port.tellsErrors)
      return this.#owing(cues.toolFailed)
    } finally {
      this.#finish(run, outcome)
      this.#remember(name, outcome, run.isOrphaned && !isLastWord)
    }
  }

  /** @returns false for a run that was finished before */
  #finish(run: Run, outcome?: string): boolean {
    if (!this.#running.delete(run)) return false
    const { id, name, startedAt, failed } = run
    const ms = Math.round(performance.now() - startedAt)
    const result = run.isRecorded ? outcome : undefined
    this.#port.journal.emit({ type: 'tool_finished', run: id, name, ms, result, failed })
    return true
  }

  #remember(name: string, outcome: string, isLate: boolean): void {
    if (this.#port.signal.aborted) return
    if (isLate) this.#tellLate(name, outcome)
    else this.#port.remember(cues.toolAnswered(name, outcome))
  }

  /** The session that called the tool is gone: the new one gets the outcome as a note. */
  #tellLate(name: string, outcome: string): void {
    this.#port.tellAgent(cues.toolAnsweredLate(name, outcome))
    // A caller who is speaking gets an answer when their turn ends.
    if (!this.#port.activity.hasCallerTheFloor) this.#port.askToSpeak()
  }

  /** The agent owes an answer to an outcome, unless the tool returned a `backgroundResult`. */
  #owing(result: unknown): unknown {
    if (!isBackgroundResult(result) && !this.#port.signal.aborted) this.#port.activity.owe(undefined)
    return result
  }

  /** The caller spoke while the tool ran, so the outcome may not matter any more. */
  #inPassing(result: unknown): unknown {
    if (isBackgroundResult(result)) return result
    const text = cues.onlyIfItMatters(asText(result))
    // A plain result would make the agent speak into the caller's sentence. The end of their turn requests an answer
    // anyway.
    return this.#port.activity.hasCallerTheFloor ? backgroundResult(text) : text
  }
}

function asText(result: unknown): string {
  const content: unknown = isBackgroundResult(result) ? result.content : result
  return typeof content === 'string' ? content : JSON.stringify(content)
}

/** The name of an error and where it was thrown; more of it only where it may be read, because it may quote the caller. */
function failureOf(error: unknown, isWhole: boolean): ToolFailure {
  const stack = isWhole ? inspect(error) : undefined
  if (!(error instanceof Error)) return { error: typeof error, at: undefined, message: undefined, stack }
  const [at] = error.stack?.split('\n').filter((line) => /^\s+at /.test(line)) ?? []
  const { isSafe } = error as { isSafe?: unknown }
  return { error: error.name, at: at?.trim(), message: isSafe === true ? error.message : undefined, stack }
}
