import { backgroundResult, isBackgroundResult } from '@openai/agents/realtime'
import * as cues from '../agent/cues.ts'
import type { Activity } from './activity.ts'
import type { ToolFailure } from './events.ts'
import type { Journal } from './journal.ts'

/** What the tools' runs need of their call. */
interface Port {
  readonly journal: Journal
  readonly activity: Activity
  readonly signal: AbortSignal
  readonly remember: (text: string) => void
  readonly tellAgent: (text: string) => void
  readonly askToSpeak: () => void
}

interface Run {
  readonly id: number
  readonly name: string
  readonly startedAt: number
  /** The model that asked for it was lost meanwhile. */
  isOrphaned: boolean
  failed: ToolFailure | undefined
}

/** The tools that run on a call: each runs once, and its outcome reaches the agent whatever becomes of the model. */
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

  /** A tool that answers in a sentence although it has failed says so here. @param error what it has thrown */
  noteFailure(name: string | undefined, error: unknown): void {
    const run = [...this.#running].findLast((one) => one.name === name)
    if (!run) return
    run.failed = failureOf(error)
    // One that hangs goes on in the background, and the SDK has answered for it: the call does not wait any longer.
    setImmediate(() => {
      if (this.#finish(run)) this.#owing(undefined)
    })
  }

  async run(name: string, invoke: () => Promise<unknown>): Promise<unknown> {
    const { activity, journal } = this.#port
    const { callerTurns } = activity
    this.#count += 1
    const run: Run = { id: this.#count, name, startedAt: performance.now(), isOrphaned: false, failed: undefined }
    this.#running.add(run)
    journal.emit({ type: 'tool_started', run: run.id, name })
    let outcome = cues.toolFailed
    let isLastWord = false
    try {
      const result = await invoke()
      outcome = asText(result)
      isLastWord = isBackgroundResult(result)
      const isAwaited = activity.callerTurns === callerTurns && !activity.hasCallerTheFloor
      return this.#owing(isAwaited ? result : this.#inPassing(result))
    } catch (error) {
      // The SDK answers a call that has thrown with nothing, and the model would wait for ever.
      run.failed = failureOf(error)
      return this.#owing(cues.toolFailed)
    } finally {
      this.#finish(run)
      this.#remember(name, outcome, run.isOrphaned && !isLastWord)
    }
  }

  /** @returns false for one that was finished before */
  #finish(run: Run): boolean {
    if (!this.#running.delete(run)) return false
    const { id, name, startedAt, failed } = run
    const ms = Math.round(performance.now() - startedAt)
    this.#port.journal.emit({ type: 'tool_finished', run: id, name, ms, failed })
    return true
  }

  #remember(name: string, outcome: string, isLate: boolean): void {
    if (this.#port.signal.aborted) return
    if (isLate) this.#tellLate(name, outcome)
    else this.#port.remember(cues.toolAnswered(name, outcome))
  }

  /** The model that asked is gone: the outcome goes to the one that is there now. */
  #tellLate(name: string, outcome: string): void {
    this.#port.tellAgent(cues.toolAnsweredLate(name, outcome))
    // A caller who speaks just now is answered when they have finished.
    if (!this.#port.activity.hasCallerTheFloor) this.#port.askToSpeak()
  }

  /** A model that hears of an outcome has to say something about it, unless the tool said that nothing is left to say. */
  #owing(result: unknown): unknown {
    if (!isBackgroundResult(result) && !this.#port.signal.aborted) this.#port.activity.owe(undefined)
    return result
  }

  /** The caller went on talking while the tool ran: what it found may not be wanted any more. */
  #inPassing(result: unknown): unknown {
    if (isBackgroundResult(result)) return result
    const text = cues.onlyIfItMatters(asText(result))
    // In the middle of their sentence it would be blurted out, and the end of their turn asks for an answer anyway.
    return this.#port.activity.hasCallerTheFloor ? backgroundResult(text) : text
  }
}

function asText(result: unknown): string {
  const content: unknown = isBackgroundResult(result) ? result.content : result
  return typeof content === 'string' ? content : JSON.stringify(content)
}

/** What an error is and where it was thrown. Its message may quote the caller. */
function failureOf(error: unknown): ToolFailure {
  if (!(error instanceof Error)) return { error: typeof error, at: undefined }
  const [at] = error.stack?.split('\n').filter((line) => /^\s+at /.test(line)) ?? []
  return { error: error.name, at: at?.trim() }
}
