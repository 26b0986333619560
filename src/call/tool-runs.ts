import { backgroundResult, isBackgroundResult } from '@openai/agents/realtime'
import type { Call } from './call.ts'

interface ToolRunsOptions {
  readonly call: Call
  /** The model that asked is gone, so its answer has to be told to the one that is there. */
  readonly onLate: (name: string, outcome: string) => void
}

/** The tools that run on a call: each runs once, and its outcome reaches the agent whatever becomes of the model. */
export class ToolRuns {
  readonly #call: Call
  readonly #onLate: ToolRunsOptions['onLate']
  readonly #running = new Map<symbol, string>()

  constructor({ call, onLate }: ToolRunsOptions) {
    this.#call = call
    this.#onLate = onLate
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
    let outcome = 'It failed.'
    try {
      const result = await invoke()
      outcome = asText(result)
      return activity.callerTurns === callerTurns && !activity.isCallerSpeaking ? result : this.#inPassing(result)
    } finally {
      this.#running.delete(id)
      activity.toolFinished()
      this.#call.log.info({ tool: name, ms: Math.round(performance.now() - startedAt) }, 'tool ran')
      this.#remember(name, outcome, modelGeneration)
    }
  }

  #remember(name: string, outcome: string, askedIn: number): void {
    if (this.#call.signal.aborted) return
    if (this.#call.modelGeneration !== askedIn) this.#onLate(name, outcome)
    else this.#call.transcript.note(`The tool ${name} was called and answered: ${outcome}`)
  }

  /** The caller went on talking while the tool ran: what it found may not be wanted any more. */
  #inPassing(result: unknown): unknown {
    if (isBackgroundResult(result)) return result
    const text = `${asText(result)} (The caller has spoken since: mention this only if it still matters.)`
    // In the middle of their sentence it would be blurted out, and the end of their turn asks for an answer anyway.
    return this.#call.activity.isCallerSpeaking ? backgroundResult(text) : text
  }
}

function asText(result: unknown): string {
  const content: unknown = isBackgroundResult(result) ? result.content : result
  return typeof content === 'string' ? content : JSON.stringify(content)
}
