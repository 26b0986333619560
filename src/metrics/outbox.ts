import { setTimeout as delay } from 'node:timers/promises'
import { Gauge, type Registry } from '@prometheus-io/client'
import type { Store } from '../store/open.ts'

/** A scrape does not wait longer for a store that is slow or away. */
const LOOK_MS = 1_000

/** What WEBHOOK_URL has not been told yet, by all servers that share the store; not a number while the store is away. */
export function outboxGauges(registry: Registry, store: Store | undefined): void {
  const gauge = (name: string, help: string, of: (found: Found) => number) =>
    new Gauge({
      ...{ name, help, registers: [registry] },
      async collect() {
        this.set(of(store ? await look(store) : NOTHING))
      }
    })
  gauge('voice_outbox_pending', 'Webhooks that are not delivered yet.', ({ pending }) => pending)
  gauge('voice_outbox_oldest_seconds', 'The age of the oldest of them.', ({ oldestMs }) => oldestMs / 1_000)
}

interface Found {
  readonly pending: number
  readonly oldestMs: number
}

const NOTHING: Found = { pending: 0, oldestMs: 0 }
const UNKNOWN: Found = { pending: Number.NaN, oldestMs: Number.NaN }

async function look(store: Store): Promise<Found> {
  const giveUp = new AbortController()
  const late = delay(LOOK_MS, UNKNOWN, { signal: giveUp.signal }).catch(() => UNKNOWN)
  try {
    return await Promise.race([count(store), late])
  } catch {
    return UNKNOWN
  } finally {
    giveUp.abort()
  }
}

async function count({ db }: Store): Promise<Found> {
  const { pending, since } = await db
    .selectFrom('deliveries')
    .where('state', '=', 'pending')
    .select(({ fn }) => [fn.countAll<number>().as('pending'), fn.min<number | null>('at').as('since')])
    .executeTakeFirstOrThrow()
  return { pending: Number(pending), oldestMs: since === null ? 0 : Math.max(0, Date.now() - Number(since)) }
}
