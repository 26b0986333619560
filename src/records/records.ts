import type { FastifyInstance } from 'fastify'
import type { Missed } from '../call/admission.ts'
import type { Reader } from '../call/create-call.ts'
import type { Config } from '../config.ts'
import type { Store } from '../store/open.ts'
import { Writer } from '../store/writer.ts'
import { keepForDays } from './keep.ts'
import { Node } from './nodes.ts'
import { keepMissed, type RecorderOptions, recorder } from './recorder.ts'
import { Recordings } from './recording.ts'
import { Spending } from './spending.ts'
import { versionOf } from './version.ts'

/** At the stop: for rows that wait for a store which is slow. */
const LAST_ROWS_MS = 5_000

export interface Records {
  readonly readers: readonly Reader[]
  readonly writer: Writer
  /** This process, among all that share the store. */
  readonly node: string
  /** Keeps a call whose stream never came. */
  readonly onMissed: (missed: Missed) => void
  /** The day has cost MAX_DAY_COST_USD. */
  readonly isDaySpent: () => boolean
  /** The version of the package, and a hash of the agent. */
  readonly version: string
}

/**
 * Keeps the records of the server's calls in the store, which is closed with the server. Register it before the calls:
 * a server closes in reverse order, and the records of the last calls have to be written first.
 */
export async function keepRecords(app: FastifyInstance, store: Store, config: Config): Promise<Records> {
  const node = new Node(store)
  await node.join()
  const writer = new Writer(store, app.log, node.id)
  const stopSweeping = keepForDays(store, config.keep, app.log)
  const recordings =
    config.call.recording === 'off' ? undefined : new Recordings(store, app.log, (callId) => writer.isErased(callId))
  app.addHook('onClose', async () => {
    await writer.flush(LAST_ROWS_MS)
    // The rows of a recording need the row of their call.
    await recordings?.close()
    // A store that is away cannot be told that this process ends: its lease runs out.
    await node.leave().catch(() => {})
    await stopSweeping()
    await store.close()
  })
  const spending = new Spending({ maxCallUsd: config.call.maxCallCostUsd, maxDayUsd: config.call.maxDayCostUsd }, store)
  await spending.start()
  app.addHook('onClose', async () => spending.stop())
  const version = await versionOf(config)
  const options: RecorderOptions = { writer, node: node.id, version, resultState: config.result ? 'pending' : 'off' }
  const readers = [recorder(options), spending.watch]
  if (recordings) readers.push(recordings.reader)
  const onMissed = (missed: Missed) => keepMissed(missed, options)
  return { readers, writer, node: node.id, onMissed, isDaySpent: () => spending.isDaySpent, version }
}
