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
  readonly samples: readonly SoakSample[]
  /** Of the second half, for each call: the first half fills caches and pools. */
  readonly rssPerCallMinute: number | undefined
  readonly heapPerCallMinute: number | undefined
  readonly hungUpOn: number
}

const SAMPLES = 20
const SETTLED_MS = 5_000

/** The same talking calls for a long time: what grows although nothing more is asked for. */
export async function soak(
  server: ServerName,
  calls: number,
  minutes: number,
  onSample: (sample: SoakSample) => void
): Promise<Soak> {
  const lineUp = await LineUp.open(server, { compression: false, talks: true, openMs: 0 })
  try {
    await lineUp.growTo(calls)
    await delay(SETTLED_MS)
    const samples: SoakSample[] = []
    for (let index = 0; index <= SAMPLES; index += 1) {
      const sample = { minutes: (minutes * index) / SAMPLES, ...(await lineUp.server.memory()) }
      samples.push(sample)
      onSample(sample)
      if (index < SAMPLES) await delay((minutes * 60_000) / SAMPLES)
    }
    const later = samples.slice(SAMPLES / 2)
    const growth = (bytes: (sample: SoakSample) => number) =>
      perCall(slope(later.map((sample) => [sample.minutes, bytes(sample)] as const)), calls)
    return {
      server,
      calls,
      samples,
      rssPerCallMinute: growth(({ rssBytes }) => rssBytes),
      heapPerCallMinute: growth(({ heapBytes }) => heapBytes),
      hungUpOn: lineUp.telephones.filter((telephone) => telephone.wasHungUpOn).length
    }
  } finally {
    await lineUp.close()
  }
}

function perCall(growth: number | undefined, calls: number): number | undefined {
  return growth === undefined ? undefined : growth / calls
}
