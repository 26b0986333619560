import type { Histogram } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { LineUp } from './line-up.ts'
import type { Counts } from './load/traffic.ts'
import type { Profile } from './profile.ts'
import type { ServerName } from './server-process.ts'
import type { Usage } from './servers/parent.ts'

/** The agent's part after its greeting. */
export const MIXES = ['idle', 'talking'] as const
export type Mix = (typeof MIXES)[number]

export interface Conditions {
  readonly server: ServerName
  readonly mix: Mix
  /** Whether the model offers permessage-deflate. */
  readonly compression: boolean
}

/** The figures of one server at one number of calls, in one round. Undefined: it never happened. */
export interface LoadFigures {
  readonly calls: number
  /** CPU time of the server for one second of one call, in ms. */
  readonly cpuMs: number
  /** The same for the load process. */
  readonly loadCpuMs: number
  readonly rssBytes: number
  readonly heapBytes: number
  /** The server's growth per call since it was started and idle, in bytes. */
  readonly rssPerCall: number
  /** Added latency of the caller's audio, in ms. */
  readonly upP50: number | undefined
  readonly upP99: number | undefined
  /** Added latency of the agent's audio, in ms. */
  readonly downP50: number | undefined
  readonly downP99: number | undefined
  /** From `speech_started` to `clear`, in ms. */
  readonly clearP50: number | undefined
  readonly clearP99: number | undefined
  readonly clears: number
  /** The share of the window's caller audio that arrived in it. Well below 1: the server is behind. */
  readonly delivered: number
  /** The longest delay of the load process, in ms: latencies below it are in doubt. */
  readonly loadLatenessMs: number
}

export interface Climb {
  readonly rungs: readonly LoadFigures[]
  /** Lost caller audio over the whole climb, for one call, in ms. */
  readonly lostMs: number
  readonly disordered: number
  readonly hungUpOn: number
  readonly profile: Profile | undefined
}

export interface ClimbOptions {
  /** Numbers of calls, upwards, all in one process. */
  readonly ladder: readonly number[]
  readonly warmUpMs: number
  readonly windowMs: number
  /** Takes a CPU profile of the server in the last window. */
  readonly profile: boolean
}

/** Below this share a server is behind. It gets no more calls, because the figures would show its backlog. */
export const KEEPS_UP = 0.97
const FRAME_MS = 20

/** Measures one server at a rising number of calls. */
export async function climb(conditions: Conditions, options: ClimbOptions): Promise<Climb> {
  const { server, mix, compression } = conditions
  const lineUp = await LineUp.open(server, { compression, talks: mix === 'talking', openMs: 0 })
  try {
    const { rssBytes: idleBytes } = await lineUp.server.memory()
    const rungs: LoadFigures[] = []
    for (const calls of options.ladder) {
      await lineUp.growTo(calls)
      await delay(options.warmUpMs)
      const rung = await measureWindow(lineUp, options.windowMs, idleBytes)
      rungs.push(rung)
      if (rung.delivered < KEEPS_UP) break
    }
    const profile = options.profile ? await takeProfile(lineUp, options.windowMs) : undefined
    const { hungUpOn } = lineUp
    return { rungs, ...lossOf(await lineUp.settle()), hungUpOn, profile }
  } finally {
    await lineUp.close()
  }
}

async function measureWindow(lineUp: LineUp, windowMs: number, idleBytes: number): Promise<LoadFigures> {
  const { traffic, timeline, telephones, server } = lineUp
  const calls = telephones.length
  const before = totals(traffic.calls)
  timeline.takeLateness()
  traffic.record(true)
  const [from, loadFrom] = [await server.usage(), process.cpuUsage()]
  await delay(windowMs)
  const [to, load] = [await server.usage(), process.cpuUsage(loadFrom)]
  traffic.record(false)
  const after = totals(traffic.calls)
  const memory = await server.memory()
  const callSeconds = (calls * (to.at - from.at)) / 1_000
  return {
    calls,
    cpuMs: cpuPerCallSecond(from, to, calls),
    loadCpuMs: (load.user + load.system) / 1_000 / callSeconds,
    upP50: percentileMs(traffic.up, 50),
    upP99: percentileMs(traffic.up, 99),
    downP50: percentileMs(traffic.down, 50),
    downP99: percentileMs(traffic.down, 99),
    clearP50: percentileMs(traffic.clear, 50),
    clearP99: percentileMs(traffic.clear, 99),
    clears: traffic.clear.count,
    delivered: (after.received - before.received) / (after.sent - before.sent),
    loadLatenessMs: timeline.takeLateness(),
    ...memory,
    rssPerCall: (memory.rssBytes - idleBytes) / calls
  }
}

/** Of a histogram in µs, by nearest rank; undefined when nothing was recorded. */
function percentileMs(latencies: Histogram, percent: number): number | undefined {
  const { count } = latencies
  if (count === 0) return undefined
  // Asked for 99 alone, the histogram rounds the rank: of 99 values it would leave out the largest.
  const rank = Math.ceil((percent / 100) * count)
  return latencies.percentile((rank / count) * 100) / 1_000
}

/** In ms. */
export function cpuPerCallSecond(from: Usage, to: Usage, calls: number): number {
  return (to.cpuMs - from.cpuMs) / ((calls * (to.at - from.at)) / 1_000)
}

async function takeProfile({ server }: LineUp, windowMs: number): Promise<Profile> {
  await server.startProfile()
  await delay(windowMs)
  return await server.stopProfile()
}

function totals(calls: readonly Counts[]): { sent: number; received: number } {
  let [sent, received] = [0, 0]
  for (const { framesSent, framesReceived } of calls) {
    sent += framesSent
    received += framesReceived
  }
  return { sent, received }
}

export function lossOf(calls: readonly Counts[]): { lostMs: number; disordered: number } {
  const { sent, received } = totals(calls)
  return {
    lostMs: ((sent - received) * FRAME_MS) / calls.length,
    disordered: calls.reduce((sum, call) => sum + call.disordered, 0)
  }
}
