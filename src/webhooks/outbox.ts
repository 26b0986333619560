import type { Call } from '../call/call.ts'
import type { Reader } from '../call/create-call.ts'
import type { CallEvent } from '../call/events.ts'
import { newDelivery, type WebhookType } from '../store/new-delivery.ts'
import type { Writer } from '../store/writer.ts'
import type { Line, Next, Question } from '../switchboard/line.ts'
import type { OnCallEnd } from './call-ends.ts'

/** A condition that began to hold, or holds no longer. */
export interface Alert {
  readonly name: string
  readonly state: 'fired' | 'resolved'
  readonly value: number
  readonly threshold: number
  /** In ms since the epoch. */
  readonly at: number
}

/** Writes what happens as events for WEBHOOK_URL, in the same transaction as the rows of the call. */
export class Outbox {
  readonly #writer: Pick<Writer, 'delivery'>
  readonly #records: boolean

  /** @param records calls may be recorded */
  constructor(writer: Pick<Writer, 'delivery'>, records: boolean) {
    this.#writer = writer
    this.#records = records
  }

  readonly reader: Reader = (call) => {
    call.journal.follow(({ seq, event }) => this.#onEvent(call, seq, event))
  }

  /** The end is in the outbox from the call's beginning: whoever closes the call of a dead process brings it forward. */
  readonly onCallEnd: OnCallEnd = (callId, at, dueAt) => {
    this.#writer.delivery(newDelivery('call.ended', { callId, at, dueAt, state: 'held' }))
    // It is dropped where nothing was recorded.
    if (this.#records) this.#writer.delivery(newDelivery('call.recording_ready', { callId, at, dueAt, state: 'held' }))
  }

  /** What Twilio was told to do with a caller. */
  onNext(callSid: string, before: Line | undefined, { dial }: Pick<Question, 'dial'>, next: Next): void {
    if (!before || !('past' in before)) return
    const add = (type: WebhookType, target: string, outcome?: string) =>
      this.#add(type, callSid, `${before.past.streams}`, { target, ...(outcome === undefined ? {} : { outcome }) })
    if (next.do === 'dial') return add('transfer.started', next.transfer.target)
    if (before.name === 'ended' || dial === undefined) return
    const { target } = before.transfer
    if (dial === 'completed' || dial === 'answered') add('transfer.bridged', target)
    else add('transfer.failed', target, dial)
  }

  /** The person whom the caller is put through to has picked up. */
  onPickedUp(callSid: string, line: Line): void {
    if ('transfer' in line)
      this.#add('transfer.bridged', callSid, `${line.past.streams}`, { target: line.transfer.target })
  }

  alert({ name, state, value, threshold, at }: Alert): void {
    this.#writer.delivery(newDelivery(`alert.${state}`, { at, data: { name, value, threshold } }))
  }

  #onEvent({ context, record }: Call, seq: number, event: CallEvent): void {
    const { callSid } = context
    if (event.type === 'accepted') {
      this.#add('call.started', callSid, '', {})
      if (context.returnedFrom === undefined) return
      const [target = '', outcome] = context.returnedFrom.split(/: (?=[^:]*$)/)
      this.#add('transfer.returned', callSid, `${record.soFar.streams - 1}`, { target, outcome })
    }
    if (event.type === 'message_taken') {
      const stream = record.soFar.streamSid
      this.#add('message.taken', callSid, `${stream} ${seq}`, { stream, seq })
    }
  }

  #add(type: WebhookType, callId: string, key: string, data: object): void {
    this.#writer.delivery(newDelivery(type, { callId, key, data }))
  }
}
