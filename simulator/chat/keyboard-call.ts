import type { CallControl, Caller, Message } from '../../src/agent/context.ts'
import { memoryStore, storeOf } from '../../src/agent/store.ts'

/** A call without a line, for tools: what they ask of it is told, and keys are typed. */
export class KeyboardCall implements Caller, CallControl {
  readonly callSid = 'CA00000000000000000000000000000000'
  readonly from = '+15551230001'
  readonly to = '+15551230009'
  readonly direction = 'inbound'
  readonly parameters: Readonly<Record<string, string>> = {}
  readonly returnedFrom = undefined
  readonly now = () => new Date()
  readonly earlier = []
  readonly transferTargets: readonly string[]
  readonly store = storeOf(() => ({ callSid: this.callSid, caller: this.from }), memoryStore())
  /** Nothing sounds that could be recorded. */
  readonly asksToRecord = false
  #isOver = false
  #give: ((digits: string) => void) | undefined
  readonly #tell: (what: string) => void
  readonly #tellFailure: (tool: string, error: unknown) => void

  /**
   * @param tell told what the agent does with the call
   * @param tellFailure told what a tool threw
   */
  constructor(
    transferTargets: readonly string[],
    tell: (what: string) => void,
    tellFailure: (tool: string, error: unknown) => void
  ) {
    this.transferTargets = transferTargets
    this.#tell = tell
    this.#tellFailure = tellFailure
  }

  /** The agent has hung up, or put the caller through: on the phone its part is over. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** A tool waits for keys. */
  get wantsKeys(): boolean {
    return this.#give !== undefined
  }

  endCall(): void {
    this.#isOver = true
    this.#tell('hangs up')
  }

  transfer(target: string, summary: string): void {
    if (!this.transferTargets.includes(target)) throw new RangeError(`no transfer target is called ${target}`)
    this.#isOver = true
    this.#tell(`puts the caller through to ${target}${summary === '' ? '' : `, who hears: ${summary}`}`)
  }

  answerRecording(): void {}

  pauseRecording(): () => void {
    return () => {}
  }

  collectDigits({ count, timeoutMs }: { count: number; timeoutMs: number }): Promise<string> {
    const pressed = new Promise<string>((resolve) => {
      const timer = setTimeout(() => this.press(''), timeoutMs)
      this.#give = (keys) => {
        clearTimeout(timer)
        this.#give = undefined
        resolve(keys.replaceAll(/[^\d*]/g, '').slice(0, count))
      }
    })
    this.#tell(`waits for ${count} keys, ${timeoutMs / 1_000} s long: type them on a line of their own`)
    return pressed
  }

  /** What the tool that waits is given; nothing when none does. */
  press(keys: string): void {
    this.#give?.(keys)
  }

  messageTaken({ from, phone, text }: Message): void {
    this.#tell(`takes a message of ${from}, ${phone ?? 'no number'}: ${text}`)
  }

  toolFailed(tool: string | undefined, error: unknown): void {
    this.#tellFailure(tool ?? 'a tool', error)
  }
}
