import { setTimeout as delay } from 'node:timers/promises'
import { LineUp } from './line-up.ts'
import type { ServerName } from './server-process.ts'
import { slope } from './statistics.ts'

export interface SoakSample {
  readonly minutes: number
  readonly rssBytes: number
  readonly heapBytes: number
}

export interface Soak {
  readonly server: ServerName
  readonly calls: number
  /** The time that each caller stays on the line. */
  readonly staySeconds: number
  readonly samples: readonly SoakSample[]
  /** Growth in the second half; the first half fills caches and pools. */
  readonly rssPerMinute: number | undefined
  readonly heapPerMinute: number | undefined
  /** The number of callers in all. */
  readonly callers: number
  readonly hungUpOn: number
}

const SAMPLES = 20
const SETTLED_MS = 5_000

/** Keeps the same number of talking calls for a long time, with callers who come and go, and measures what grows. */
export async function soak(
  server: ServerName,
  calls: number,
  { minutes, staySeconds }: { minutes: number; staySeconds: number },
  onSample: (sample: SoakSample) => void
): Promise<Soak> {
  const lineUp = await LineUp.open(server, { compression: false, talks: true, openMs: 0 })
  const over = new AbortController()
  try {
    await lineUp.growTo(calls)
    const turnover = replaceCallers(lineUp, (staySeconds * 1_000) / calls, over.signal)
    // The race below reports an error; a last caller after the end may reach no server.
    turnover.catch(() => {})
    await Promise.race([turnover, delay(SETTLED_MS)])
    const samples: SoakSample[] = []
    for (let index = 0; index <= SAMPLES; index += 1) {
      const sample = { minutes: (minutes * index) / SAMPLES, ...(await lineUp.server.memory()) }
      samples.push(sample)
      onSample(sample)
      if (index < SAMPLES) await Promise.race([turnover, delay((minutes * 60_000) / SAMPLES)])
    }
    const later = samples.slice(SAMPLES / 2)
    const growth = (bytes: (sample: SoakSample) => number) =>
      slope(later.map((sample) => [sample.minutes, bytes(sample)] as const))
    return {
      server,
      calls,
      staySeconds,
      samples,
      rssPerMinute: growth(({ rssBytes }) => rssBytes),
      heapPerMinute: growth(({ heapBytes }) => heapBytes),
      callers: lineUp.traffic.calls.length,
      hungUpOn: lineUp.hungUpOn
    }
  } finally {
    over.abort()
    await lineUp.close()
  }
}

/** Settles only when it fails or is aborted. */
async function replaceCallers(lineUp: LineUp, everyMs: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await Promise.all([lineUp.replaceOldest(), delay(everyMs)])
  }
}
