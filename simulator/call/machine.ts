import { setTimeout as wait } from 'node:timers/promises'

const TICK_MS = 20
/** A tick that comes later than this does not count for more. */
const LONGEST_TICK_MS = 2 * TICK_MS
/** How long it is looked at how much of a processor core this process gets. */
const LOOK_MS = 30
/** Of a core. With less, the server and the model are late too, and what is measured is not theirs. */
const ENOUGH = 0.5
const LOOK_AGAIN_MS = 250
/** Longer is not waited: the machine is like this. */
const BUSY_LIMIT_MS = 10_000

/**
 * Time as far as this machine keeps up with it. On a machine that is late the agent is late as well, and is not to
 * blame for it: whoever waits for the agent waits by this clock, which stands still meanwhile.
 */
export class MachineTime {
  /** The longest that it was late by. */
  worstMs = 0
  #passedMs = 0
  #tickedAt = performance.now()
  readonly #watchers = new Set<{ worstMs: number }>()

  constructor() {
    setInterval(() => this.#tick(), TICK_MS).unref()
  }

  get nowMs(): number {
    return this.#passedMs + Math.min(performance.now() - this.#tickedAt, LONGEST_TICK_MS)
  }

  /** Resolves when so much of this time has passed; rejects when `signal` is aborted. */
  async pass(ms: number, signal: AbortSignal): Promise<void> {
    const until = this.nowMs + ms
    for (let left = ms; left > 0; left = until - this.nowMs) await wait(Math.max(1, left), undefined, { signal })
  }

  /** Begins to watch how late this process is. @returns how late it has been at most since then, in ms */
  watch(): () => number {
    const watcher = { worstMs: 0 }
    this.#watchers.add(watcher)
    return () => {
      this.#watchers.delete(watcher)
      return watcher.worstMs
    }
  }

  #tick(): void {
    const now = performance.now()
    const lateMs = now - this.#tickedAt - TICK_MS
    this.worstMs = Math.max(this.worstMs, lateMs)
    for (const watcher of this.#watchers) watcher.worstMs = Math.max(watcher.worstMs, lateMs)
    this.#passedMs = this.nowMs
    this.#tickedAt = now
  }
}

/**
 * Resolves when this process gets a core of the machine twice in a row, which takes a third of a second on an idle one.
 * @param tell told once when it has to wait, and once when it gives up waiting
 */
export async function untilFree(tell: (what: string) => void, share = shareOfACore): Promise<void> {
  const limitAt = performance.now() + BUSY_LIMIT_MS
  let isTold = false
  for (let free = 0; free < 2; ) {
    free = share() >= ENOUGH ? free + 1 : 0
    if (free === 0 && !isTold) {
      isTold = true
      tell('This machine is busy with something else: waiting until it has time for a call.')
    }
    if (performance.now() > limitAt) return tell('It still is: the times below are the machine’s, not the server’s.')
    if (free < 2) await wait(LOOK_AGAIN_MS)
  }
}

/** How much of the time in which this process has wanted a core it has had one. */
function shareOfACore(): number {
  const startedAt = performance.now()
  const before = process.cpuUsage()
  while (performance.now() - startedAt < LOOK_MS);
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000 / (performance.now() - startedAt)
}
