import * as cues from '../agent/cues.ts'
import type { Reader } from '../call/create-call.ts'
import { endWhenHeard } from '../call/end-when-heard.ts'
import type { Store } from '../store/open.ts'
import { usd } from './prices.ts'

/** How often the day's sum is read again: other servers on the same store spend too. */
const READ_MS = 15_000

export interface Limits {
  readonly maxCallUsd: number | undefined
  readonly maxDayUsd: number | undefined
}

/** What OpenAI bills, summed while it is spent: for a call, which ends politely over its limit, and for the day (UTC). */
export class Spending {
  readonly #limits: Limits
  readonly #store: Store
  /** Of the calls of this process, by callSid: a call that comes back goes on from what it cost. */
  readonly #calls = new Map<string, number>()
  #day = today()
  /** What was stored when the sum was read, and what was spent here since. */
  #storedUsd = 0
  #sinceUsd = 0
  #timer: NodeJS.Timeout | undefined

  constructor(limits: Limits, store: Store) {
    this.#limits = limits
    this.#store = store
  }

  /** Reads what the day has cost so far, and goes on reading. Does nothing without a limit for the day. */
  async start(): Promise<void> {
    if (this.#limits.maxDayUsd === undefined) return
    await this.#read()
    // A store that cannot be reached is the writer's to report; what is spent here is counted meanwhile.
    this.#timer = setInterval(() => void this.#read().catch(() => {}), READ_MS).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** The day has cost what it may. New callers are declined, and calls go on. */
  get isDaySpent(): boolean {
    this.#turnDay()
    return this.#limits.maxDayUsd !== undefined && this.#storedUsd + this.#sinceUsd >= this.#limits.maxDayUsd
  }

  /** Sums up each call, and ends one that is over its limit. Nothing is summed up where there is no limit. */
  readonly watch: Reader = (call) => {
    const { maxCallUsd, maxDayUsd } = this.#limits
    if (maxCallUsd === undefined && maxDayUsd === undefined) return
    let isEnding = false
    call.journal.on('usage', ({ model, usage }) => {
      const cost = usd({ ...usage, model }) ?? 0
      this.#turnDay()
      this.#sinceUsd += cost
      const { callSid } = call.context
      const spent = (this.#calls.get(callSid) ?? 0) + cost
      this.#calls.set(callSid, spent)
      if (isEnding || maxCallUsd === undefined || spent < maxCallUsd || call.signal.aborted) return
      isEnding = true
      // Not inside the event: the answer that was just billed is still being finished.
      call.after(1, () => endWhenHeard(call, 'too_costly', { say: cues.budgetIsSpent, cancelOnSpeech: false }))
    })
  }

  #turnDay(): void {
    const day = today()
    if (day === this.#day) return
    this.#day = day
    this.#storedUsd = 0
    this.#sinceUsd = 0
    this.#calls.clear()
  }

  async #read(): Promise<void> {
    const { db } = this.#store
    const before = this.#sinceUsd
    const rows = await db
      .selectFrom('usage')
      .innerJoin('calls', 'calls.id', 'usage.callId')
      .where('calls.startedAt', '>=', today())
      .groupBy('usage.model')
      .select(({ fn }) => [
        'usage.model',
        ...(['textIn', 'audioIn', 'cachedText', 'cachedAudio', 'textOut', 'audioOut', 'seconds'] as const).map((name) =>
          fn.sum<number>(`usage.${name}`).as(name)
        )
      ])
      .execute()
    let sum = 0
    for (const { model, ...counts } of rows) {
      const { textIn, audioIn, cachedText, cachedAudio, textOut, audioOut, seconds } = counts
      const numbers = { textIn: Number(textIn), audioIn: Number(audioIn), cachedText: Number(cachedText) }
      const others = { cachedAudio: Number(cachedAudio), textOut: Number(textOut), audioOut: Number(audioOut) }
      sum += usd({ model, ...numbers, ...others, seconds: Number(seconds) }) ?? 0
    }
    this.#turnDay()
    this.#storedUsd = sum
    // What was spent while the sum was read may or may not be in it: it counts until the next reading.
    this.#sinceUsd -= before
  }
}

/** Midnight of today, UTC, in ms since the epoch. */
function today(): number {
  return new Date().setUTCHours(0, 0, 0, 0)
}
