import { randomBytes } from 'node:crypto'
import type { DeliveryRow } from './tables.ts'

/** Everything that WEBHOOK_URL may be told. */
export type WebhookType =
  | 'call.started'
  | 'call.ended'
  | 'call.analyzed'
  | 'call.recording_ready'
  | 'call.erased'
  | 'transfer.started'
  | 'transfer.bridged'
  | 'transfer.returned'
  | 'transfer.failed'
  | 'message.taken'
  | 'alert.fired'
  | 'alert.resolved'
  | 'webhook.test'

interface NewDelivery {
  readonly callId?: string
  readonly key?: string
  readonly at?: number
  readonly dueAt?: number
  readonly state?: 'held' | 'pending'
  readonly data?: object
}

export function newDelivery(
  type: WebhookType,
  { callId, key = '', at = Date.now(), dueAt = at, state = 'pending', data = {} }: NewDelivery
): DeliveryRow {
  const id = newId()
  const event = { callId: callId ?? null, id, type, key: callId === undefined ? id : key, at, state, dueAt }
  return { ...event, takenBy: null, takenUntil: 0, attempts: 0, status: null, data: JSON.stringify(data), body: null }
}

let lastId = 0

/** Ids sort in the order in which they were made. */
export function newId(): string {
  lastId = Math.max(lastId + 1, Date.now() * 1_000)
  return `msg_${lastId.toString(36)}${randomBytes(6).toString('hex')}`
}
