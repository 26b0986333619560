import { backgroundResult, isBackgroundResult } from '@openai/agents/realtime'
import * as cues from '../agent/cues.ts'
import type { Call } from './call.ts'

/** The tools that run on a call: each runs once, and its outcome reaches the agent whatever becomes of the model. */
export class ToolRuns {
  readonly #call: Call
  readonly #running = new Map<symbol, string>()

  constructor(call: Call) {
    this.#call = call
  }

  /** Names of the tools that have not answered yet. */
  get running(): readonly string[] {
    return [...this.#running.values()]
  }

  async run(name: string, invoke: () => Promise<unknown>): Promise<unknown> {
    const { activity, modelGeneration } = this.#call
    const { callerTurns } = activity
    const id = Symbol(name)
    const startedAt = performance.now()
    this.#running.set(id, name)
    activity.toolStarted()
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
      this.#call.log.error(
        { tool: name, error: error instanceof Error ? error.name : typeof error },
        'a tool has thrown'
      )
      return this.#owing(cues.toolFailed)
    } finally {
      this.#running.delete(id)
      activity.toolFinished()
      this.#call.log.info({ tool: name, ms: Math.round(performance.now() - startedAt) }, 'tool ran')
      this.#remember(name, outcome, this.#call.modelGeneration !== modelGeneration && !isLastWord)
    }
  }

  #remember(name: string, outcome: string, isLate: boolean): void {
    if (this.#call.signal.aborted) return
    if (isLate) this.#tellLate(name, outcome)
    else this.#call.transcript.note(cues.toolAnswered(name, outcome))
  }

  /** The model that asked is gone: the outcome goes to the one that is there now. */
  #tellLate(name: string, outcome: string): void {
    const { activity } = this.#call
    this.#call.tellAgent(cues.toolAnsweredLate(name, outcome))
    // Whoever speaks just now is answered when they have finished.
    if (!activity.hasCallerTheFloor) this.#call.askToSpeak()
  }

  /** Whoever hears of an outcome has to say something about it, unless the tool has said that nothing is left to say. */
  #owing(result: unknown): unknown {
    if (!isBackgroundResult(result) && !this.#call.signal.aborted) this.#call.activity.owe(undefined)
    return result
  }

  /** The caller went on talking while the tool ran: what it found may not be wanted any more. */
  #inPassing(result: unknown): unknown {
    if (isBackgroundResult(result)) return result
    const text = cues.onlyIfItMatters(asText(result))
    // In the middle of their sentence it would be blurted out, and the end of their turn asks for an answer anyway.
    return this.#call.activity.hasCallerTheFloor ? backgroundResult(text) : text
  }
}

function asText(result: unknown): string {
  const content: unknown = isBackgroundResult(result) ? result.content : result
  return typeof content === 'string' ? content : JSON.stringify(content)
}
