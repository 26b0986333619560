import type { FastifyInstance } from 'fastify'
import type { Reader } from '../call/create-call.ts'
import type { Config } from '../config.ts'
import type { Records } from '../records/records.ts'
import type { Store } from '../store/open.ts'
import type { SwitchboardParts } from '../switchboard/switchboard.ts'
import { CallEnds } from './call-ends.ts'
import { Deliverer } from './deliver.ts'
import { type Alert, Outbox } from './outbox.ts'

/** At the stop: for the rows of the last calls, and for what they are to be told. */
const LAST_ROWS_MS = 2_000
const LAST_EVENTS_MS = 3_000

declare module 'fastify' {
  interface FastifyInstance {
    /** Undefined without WEBHOOK_URL, and without a store. */
    readonly webhooks: Webhooks | undefined
  }
}

export interface Webhooks {
  readonly readers: readonly Reader[]
  readonly onNext: NonNullable<SwitchboardParts['onNext']>
  readonly onPickedUp: NonNullable<SwitchboardParts['onPickedUp']>
  readonly onAlert: (alert: Alert) => void
  /** @returns false when there is no such event */
  readonly sendAgain: (webhookId: string) => Promise<boolean>
}

/** `app.webhooks`: tells WEBHOOK_URL what happens. Register it after the records, in whose store the outbox is, and before the calls. */
export function tellWebhooks(
  app: FastifyInstance,
  store: Store,
  { writer, node }: Records,
  { webhooks, call }: Config
): Webhooks | undefined {
  if (!webhooks) return undefined
  const outbox = new Outbox(writer, call.recording !== 'off')
  const ends = new CallEnds(outbox.onCallEnd)
  const deliverer = new Deliverer({ ...webhooks, store, log: app.log, node })
  writer.onStored(deliverer.wake)
  deliverer.start()
  app.addHook('onClose', async () => {
    await writer.flush(LAST_ROWS_MS)
    await deliverer.close(LAST_EVENTS_MS)
  })
  return {
    // In this order: a call's first event is that it has started.
    readers: [outbox.reader, ends.reader],
    onNext: (callSid, before, question, next) => {
      outbox.onNext(callSid, before, question, next)
      ends.onNext(callSid, before, next)
    },
    onPickedUp: (callSid, line) => outbox.onPickedUp(callSid, line),
    onAlert: (alert) => outbox.alert(alert),
    sendAgain: (webhookId) => deliverer.sendAgain(webhookId)
  }
}
