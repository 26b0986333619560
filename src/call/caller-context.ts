import { EventEmitter } from 'node:events'
import type { CallControl, Caller } from '../agent/context.ts'
import type { Admission } from './call.ts'
import type { CallFacts } from './facts.ts'

type RunTool = (name: string, invoke: () => Promise<unknown>) => Promise<unknown>

/**
 * What the agent knows of its call and may do with it. It is there before the caller is known, because the session is
 * built around it the moment the stream opens; `admit` fills it in, and only with what was verified.
 */
export class CallerContext implements Caller, CallControl {
  callSid = ''
  from: string | undefined
  to: string | undefined
  direction = 'inbound'
  parameters: Readonly<Record<string, string>> = {}
  returnedFrom: string | undefined
  readonly transferTargets: readonly string[]
  readonly #facts: EventEmitter<CallFacts>
  readonly #runTool: RunTool

  constructor(facts: EventEmitter<CallFacts>, targets: ReadonlyMap<string, string>, runTool: RunTool) {
    this.#facts = facts
    this.#runTool = runTool
    this.transferTargets = [...targets.keys()]
  }

  /** What the agent will know of a caller whose stream is on its way. */
  static before(admission: Admission, targets: ReadonlyMap<string, string>): CallerContext {
    const context = new CallerContext(new EventEmitter(), targets, (_name, invoke) => invoke())
    context.admit(admission)
    return context
  }

  /** For the wrapper around every tool; not part of what the agent sees. */
  runTool(name: string, invoke: () => Promise<unknown>): Promise<unknown> {
    return this.#runTool(name, invoke)
  }

  admit({ claims, returnedFrom }: Admission): void {
    this.callSid = claims.callSid
    this.from = claims.from
    this.to = claims.to
    this.direction = claims.direction
    this.parameters = claims.parameters
    this.returnedFrom = returnedFrom
  }

  endCall(): void {
    this.#facts.emit('endAsked')
  }

  transfer(target: string, summary: string): void {
    if (!this.transferTargets.includes(target)) throw new RangeError(`no transfer target is called ${target}`)
    this.#facts.emit('transferAsked', target, summary)
  }

  collectDigits({ count, timeoutMs }: { count: number; timeoutMs: number }): Promise<string> {
    return new Promise((give) => this.#facts.emit('digitsAsked', { count, timeoutMs, give }))
  }
}
