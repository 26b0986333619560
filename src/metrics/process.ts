import { readdir } from 'node:fs/promises'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Counter, Gauge, type Registry } from '@prometheus-io/client'

/** The monitor's own timer, a frame's time; it is what an idle process shows. */
const RESOLUTION_MS = 20
const QUANTILES = [0.5, 0.99, 1]

/**
 * What Prometheus' clients report of every process, under its usual names. The client's own default metrics are 200
 * lines and listen to each garbage collection.
 * @returns stops the monitor of the event loop
 */
export function processMetrics(registry: Registry): () => void {
  const registers = [registry]
  const gauge = (name: string, help: string, read: () => number | Promise<number>) =>
    new Gauge({
      ...{ name, help, registers },
      async collect() {
        this.set(await read())
      }
    })

  new Counter({
    ...{ name: 'process_cpu_seconds_total', help: 'User and system CPU time.', registers },
    collect() {
      const { user, system } = process.cpuUsage()
      this.reset()
      this.inc((user + system) / 1_000_000)
    }
  })
  gauge('process_start_time_seconds', 'When the process started.', () => performance.timeOrigin / 1_000)
  gauge('process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss())
  gauge('process_open_fds', 'Open files and sockets.', openFiles)
  gauge('nodejs_heap_size_used_bytes', 'V8’s heap in use.', () => process.memoryUsage().heapUsed)
  new Gauge({
    ...{ name: 'nodejs_version_info', help: 'The version of Node.', registers, labelNames: ['version'] }
  }).set({ version: process.version }, 1)
  return eventLoopDelay(registry)
}

function eventLoopDelay(registry: Registry): () => void {
  const monitor = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  monitor.enable()
  new Gauge({
    ...{ name: 'nodejs_eventloop_delay_seconds', help: 'How late timers ran since the last scrape.' },
    ...{ registers: [registry], labelNames: ['quantile'] },
    collect() {
      for (const quantile of QUANTILES) {
        const ms = monitor.percentile(quantile * 100) / 1_000_000
        this.set({ quantile: String(quantile) }, Math.max(0, ms - RESOLUTION_MS) / 1_000)
      }
      monitor.reset()
    }
  })
  return () => void monitor.disable()
}

/** Linux alone has them as a folder. */
async function openFiles(): Promise<number> {
  return (await readdir('/proc/self/fd').catch(() => undefined))?.length ?? Number.NaN
}
