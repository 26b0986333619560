import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as wait } from 'node:timers/promises'

/** So many calls are played at a time at most. */
const MOST = 24
/** Another call begins while the event loop is less late than this. */
const LATE_MS = 20
const STEP_MS = 300
const RESOLUTION_MS = 10

/**
 * Plays all jobs, as many at a time as this process carries without being late. Jobs may be added and removed
 * meanwhile.
 */
export async function carry<Job>(jobs: Job[], play: (job: Job) => Promise<void>): Promise<void> {
  const going = new Set<Promise<void>>()
  const lateness = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  lateness.enable()
  while (jobs.length > 0 || going.size > 0) {
    const isLate = lateness.percentile(90) / 1e6 - RESOLUTION_MS > LATE_MS
    lateness.reset()
    const isRoom = going.size === 0 || (going.size < MOST && !isLate)
    const next = isRoom ? jobs.shift() : undefined
    if (next !== undefined) {
      const done = play(next).finally(() => going.delete(done))
      going.add(done)
    }
    await Promise.race([wait(STEP_MS), ...(jobs.length === 0 ? going : [])])
  }
  lateness.disable()
}
