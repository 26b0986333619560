import { setTimeout as delay } from 'node:timers/promises'
import { LineUp } from './line-up.ts'
import { lossOf } from './measure-load.ts'
import type { ServerName } from './server-process.ts'
import { median } from './statistics.ts'

/** The answer times of one server, with a model that takes some time to open. */
export interface AnswerFigures {
  /** The time from `start` to the greeting's first audio, without a webhook before it, in ms. */
  readonly coldMs: number | undefined
  /** The same with the webhook before it, as on a real line. */
  readonly warmMs: number | undefined
  /** Caller audio from `start` on that never reached the model, for one cold call, in ms. */
  readonly lostMs: number
  /** The number of calls that were never greeted. */
  readonly mute: number
}

/** The Realtime API takes between 0.3 and 2 s. */
export const MODEL_OPENS_MS = 300
const WARM_UP_CALLS = 3
const BETWEEN_CALLS_MS = 60
const GREETED_WITHIN_MS = 1_500

/** Rings `calls` times without a webhook (cold) and `calls` times with one (warm). */
export async function measureAnswer(server: ServerName, calls: number): Promise<AnswerFigures> {
  const lineUp = await LineUp.open(server, { compression: true, talks: false, openMs: MODEL_OPENS_MS })
  try {
    // The first calls of a process run code for the first time, and are not counted.
    await ring(lineUp, WARM_UP_CALLS, true)
    const cold = await ring(lineUp, calls, false)
    const warm = await ring(lineUp, calls, true)
    await delay(GREETED_WITHIN_MS)
    await lineUp.settle()
    const all = [...cold, ...warm]
    return {
      coldMs: median(cold.map(({ firstAudioMs }) => firstAudioMs)),
      warmMs: median(warm.map(({ firstAudioMs }) => firstAudioMs)),
      lostMs: lossOf(cold.map(({ call }) => lineUp.traffic.call(call))).lostMs,
      mute: all.filter(({ firstAudioMs }) => firstAudioMs === undefined).length
    }
  } finally {
    await lineUp.close()
  }
}

async function ring(lineUp: LineUp, calls: number, warm: boolean) {
  const ringing = []
  for (let call = 0; call < calls; call += 1) {
    const call = lineUp.ring(warm)
    // All are awaited together below; until then a failed one must not end the process.
    call.catch(() => {})
    ringing.push(call)
    await delay(BETWEEN_CALLS_MS)
  }
  return await Promise.all(ringing)
}
