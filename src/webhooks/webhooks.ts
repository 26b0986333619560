import type { FastifyInstance } from 'fastify'
import type { ZodObject } from 'zod'
import type { Missed } from '../call/admission.ts'
import type { Reader } from '../call/create-call.ts'
import type { Config } from '../config.ts'
import type { Records } from '../records/records.ts'
import type { Store } from '../store/open.ts'
import type { SwitchboardParts } from '../switchboard/switchboard.ts'
import { CallEnds, type OnCallEnd } from './call-ends.ts'
import { Deliverer } from './deliver.ts'
import { type Alert, Outbox } from './outbox.ts'
import { Results } from './result.ts'

/** At the stop: for the rows of the last calls, and for what they are to be told. */
const LAST_ROWS_MS = 2_000
const LAST_EVENTS_MS = 3_000

declare module 'fastify' {
  interface FastifyInstance {
    /** Undefined without a store, and where neither WEBHOOK_URL nor RESULT_MODEL is set. */
    readonly webhooks: Webhooks | undefined
  }
}

export interface Webhooks {
  readonly readers: readonly Reader[]
  readonly onNext: NonNullable<SwitchboardParts['onNext']>
  readonly onPickedUp: NonNullable<SwitchboardParts['onPickedUp']>
  readonly onMissed: (missed: Missed) => void
  readonly onAlert: (alert: Alert) => void
  /** There is a WEBHOOK_URL. */
  readonly sends: boolean
  /** @returns false when there is no such event */
  readonly sendAgain: (webhookId: string) => Promise<boolean>
}

/**
 * `app.webhooks`: tells WEBHOOK_URL what happens, and has calls analysed when they are over. Register it after the records,
 * whose store it reads, and before the calls.
 */
export function tellWebhooks(
  app: FastifyInstance,
  store: Store,
  { writer, node }: Records,
  config: Config,
  schema: ZodObject
): Webhooks | undefined {
  const outbox = config.webhooks && new Outbox(writer, config.call.recording !== 'off')
  const deliverer = config.webhooks && new Deliverer({ ...config.webhooks, store, log: app.log, node })
  const results =
    config.result &&
    new Results({ store, writer, log: app.log, node, model: config.result, schema, tell: deliverer?.wake })
  const parts = [deliverer, results].filter((part) => part !== undefined)
  if (parts.length === 0) return undefined
  for (const part of parts) {
    writer.onStored((hasDeliveries) => hasDeliveries && part.wake())
    part.start()
  }
  app.addHook('onClose', async () => {
    await writer.flush(LAST_ROWS_MS)
    await Promise.all(parts.map((part) => part.close(LAST_EVENTS_MS)))
  })
  const onCallEnd: OnCallEnd = (...end) => {
    outbox?.onCallEnd(...end)
    results?.onCallEnd(...end)
  }
  const ends = new CallEnds(onCallEnd)
  return {
    // In this order: a call's first event is that it has started.
    readers: [...(outbox ? [outbox.reader] : []), ends.reader],
    onNext: (callSid, before, question, next) => {
      outbox?.onNext(callSid, before, question, next)
      ends.onNext(callSid, before, next)
    },
    onPickedUp: (callSid, line) => outbox?.onPickedUp(callSid, line),
    // After its row, and in the same transaction.
    onMissed: ({ claims, endedAt }) => onCallEnd(claims.callSid, endedAt, endedAt),
    onAlert: (alert) => outbox?.alert(alert),
    sends: deliverer !== undefined,
    sendAgain: async (webhookId) => (await deliverer?.sendAgain(webhookId)) ?? false
  }
}
