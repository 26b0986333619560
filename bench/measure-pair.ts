import { setTimeout as delay } from 'node:timers/promises'
import { LineUp } from './line-up.ts'
import { Timeline } from './load/timeline.ts'
import { cpuPerCallSecond, type Mix } from './measure-load.ts'
import type { ServerName } from './server-process.ts'

/** V8 compiles hot code for up to 30 s, and some servers have more of it than others. */
export const PAIR_WARM_UP_MS = 30_000

/** This server beside another one, both with as many calls at the same time. */
export interface Pair {
  readonly other: ServerName
  readonly mix: Mix
  /** Whether the model offers permessage-deflate. */
  readonly compression: boolean
  readonly calls: number
}

export interface PairFigures {
  /** CPU time for one second of one call, in ms. */
  readonly oursMs: number
  readonly otherMs: number
  readonly ratio: number
}

/**
 * The CPU of two servers in the same seconds. Disturbances of the machine, a tenth and more from minute to minute, meet
 * both. One clock drives all their calls, so that neither server always comes first.
 * @returns figures for each window
 */
export async function measurePair(
  { other, mix, compression, calls }: Pair,
  { warmUpMs, windowMs, windows }: { warmUpMs: number; windowMs: number; windows: number }
): Promise<PairFigures[]> {
  const timeline = new Timeline()
  const opened: LineUp[] = []
  try {
    for (const server of ['ours', other] as const) {
      opened.push(await LineUp.open(server, { compression, talks: mix === 'talking', openMs: 0 }, timeline))
    }
    await Promise.all(opened.map((lineUp) => lineUp.growTo(calls)))
    await delay(warmUpMs)
    const figures: PairFigures[] = []
    while (figures.length < windows) figures.push(await measureWindow(opened, calls, windowMs))
    return figures
  } finally {
    timeline.stop()
    for (const lineUp of opened) await lineUp.close()
  }
}

async function measureWindow(lineUps: readonly LineUp[], calls: number, windowMs: number): Promise<PairFigures> {
  const [oursMs = Number.NaN, otherMs = Number.NaN] = await Promise.all(
    lineUps.map(async ({ server }) => {
      const from = await server.usage()
      await delay(windowMs)
      return cpuPerCallSecond(from, await server.usage(), calls)
    })
  )
  return { oursMs, otherMs, ratio: oursMs / otherMs }
}
