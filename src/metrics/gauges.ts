import { statfs } from 'node:fs/promises'
import { Gauge, type Registry } from '@prometheus-io/client'
import type { Call } from '../call/call.ts'
import type { Store } from '../store/open.ts'
import type { Writer } from '../store/writer.ts'
import { DIRECTIONS, directionOf } from './labels.ts'
import { outboxGauges } from './outbox.ts'

/** What the gauges ask at each scrape. */
export interface Sources {
  readonly maxCalls: number
  /** The calls whose streams are open here. */
  readonly calls: () => readonly Call[]
  /** Undefined without a store. */
  readonly store: StoreSource | undefined
}

export interface StoreSource {
  readonly writer: Pick<Writer, 'waiting' | 'isFailing'>
  readonly store: Store
}

/** What is true at the moment of a scrape. */
export function gauges(registry: Registry, { maxCalls, calls, store }: Sources): void {
  const registers = [registry]
  const gauge = (name: string, help: string, read: () => number | Promise<number>) =>
    new Gauge({
      ...{ name, help, registers },
      async collect() {
        this.set(await read())
      }
    })
  const onTheLine = () => calls().filter(({ state }) => state.name !== 'ringing' && state.name !== 'ended')

  new Gauge({
    ...{ name: 'voice_calls_active', help: 'Calls whose stream is open here.', registers, labelNames: ['direction'] },
    collect() {
      const open = onTheLine().map(({ context }) => directionOf(context.direction))
      for (const direction of DIRECTIONS) this.set({ direction }, open.filter((one) => one === direction).length)
    }
  })
  gauge('voice_call_oldest_seconds', 'The age of the oldest open stream; 0 without a call.', () => oldest(onTheLine()))
  gauge('voice_lines_limit', 'MAX_CALLS.', () => maxCalls)
  gauge('voice_store_queue', 'Rows of records that wait to be stored.', () => store?.writer.waiting ?? 0)
  gauge('voice_store_failing', '1 while the store cannot be written.', () => (store?.writer.isFailing ? 1 : 0))
  gauge('voice_data_free_bytes', 'Free space where DATA_DIR is.', () =>
    store ? freeBytes(store.store.dataDir) : Number.NaN
  )
  outboxGauges(registry, store?.store)
}

function oldest(calls: readonly Call[]): number {
  const now = Date.now()
  const ages = calls.map(({ state }) => ('startedAt' in state ? now - (state.startedAt ?? now) : 0))
  return Math.max(0, ...ages) / 1_000
}

/** With Postgres the folder need not exist. */
async function freeBytes(folder: string): Promise<number> {
  const found = await statfs(folder).catch(() => undefined)
  return found ? found.bavail * found.bsize : Number.NaN
}
