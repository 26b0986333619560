import { readCall, type WholeCall } from '../records/read.ts'
import type { Store } from '../store/open.ts'
import type { DeliveryRow } from '../store/tables.ts'

/**
 * The body of an event, as it is signed and sent in every attempt; undefined when there is nothing to tell any more.
 * It has no words of the caller's or the agent's, unless they are to be in it.
 */
export async function bodyOf(store: Store, row: DeliveryRow, hasWords: boolean): Promise<string | undefined> {
  const data = await dataOf(store, row, hasWords)
  return data && JSON.stringify({ type: row.type, timestamp: new Date(row.at).toISOString(), data })
}

async function dataOf(store: Store, row: DeliveryRow, hasWords: boolean): Promise<object | undefined> {
  const data = JSON.parse(row.data) as Record<string, unknown>
  if (row.callId === null || row.type === 'call.erased') return data
  const whole = await readCall(store, row.callId)
  if (!whole) return undefined
  const { call } = whole
  switch (row.type) {
    case 'call.ended':
      return hasWords ? { call, transcript: transcriptOf(whole) } : { call }
    case 'call.recording_ready':
      return call.recording === 'kept' ? { call } : undefined
    case 'call.analyzed':
      return { call, result: whole.result }
    case 'message.taken':
      return hasWords ? { call, message: messageOf(whole, data) } : { call }
    default:
      return { call, ...data }
  }
}

function transcriptOf({ turns }: WholeCall) {
  return turns.flatMap(({ id, who, text }) => (text ? [{ turn: id, who, text }] : []))
}

function messageOf({ events }: WholeCall, { stream, seq }: Record<string, unknown>) {
  const taken = events.find((event) => event.stream === stream && event.seq === seq)
  return { from: taken?.['from'], phone: taken?.['phone'], text: taken?.['text'] }
}
