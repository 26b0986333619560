import type { WholeCall } from '../../src/records/read.ts'
import type { CallOutcome } from '../telephone/telephone.ts'
import type { House } from './house.ts'
import type { HeardTurn, ToolCall } from './run.ts'

/** A call that goes on for longer is given up. */
export const LONGEST_MS = 180_000

/** What the records say of the call. */
export function observed(call: WholeCall | undefined) {
  const events = call?.events ?? []
  const finished = new Map(events.flatMap((event) => (event.type === 'tool_finished' ? [[event['run'], event]] : [])))
  const tools = events.flatMap((event): ToolCall[] => {
    if (event.type !== 'tool_started') return []
    const result = finished.get(event['run'])?.['result'] as string | undefined
    return [{ name: String(event['name']), args: parsed(event['arguments']), result, atMs: event.atMs }]
  })
  const heard = (call?.turns ?? []).flatMap((turn): HeardTurn[] => {
    const { who, text, generatedText, startMs, endMs, cut } = turn
    if (startMs === null) return []
    return [{ who, text: text ?? '', generatedText: generatedText ?? '', fromMs: startMs, toMs: endMs ?? startMs, cut }]
  })
  const transfer = events.find(({ type }) => type === 'transfer_asked')
  return {
    ...{ tools, heard, costUsd: call?.call.costUsd ?? 0 },
    endReason: call?.call.endReason === 'lost' ? undefined : (call?.call.endReason ?? undefined),
    transferredTo: transfer && String(transfer['target'])
  }
}

function parsed(args: unknown): unknown {
  try {
    return JSON.parse(String(args))
  } catch {
    return args
  }
}

export async function keptBy({ store }: House, callSid: string): Promise<Record<string, unknown[]>> {
  const rows = await store.db.selectFrom('agentItems').select(['kind', 'data']).where('callId', '=', callSid).execute()
  const kept: Record<string, unknown[]> = {}
  for (const { kind, data } of rows) kept[kind] = [...(kept[kind] ?? []), JSON.parse(data)]
  return kept
}

/** What went wrong and is not the agent's: nothing can be said of it then. */
export function errorsOf(
  house: House,
  { errors, by, reason, durationMs }: CallOutcome,
  call: WholeCall | undefined
): string[] {
  return [
    ...house.errors.map((line) => `the server's log: ${line}`),
    ...errors.map(({ code, message }) => `Twilio would report error ${code}: ${message}`),
    ...(by === 'error' ? [`the call broke off: ${reason}`] : []),
    ...(house.model?.failures ?? []).map((failure) => `the model's API would refuse: ${failure}`),
    ...(call?.call.fault === 'us' || call?.call.fault === 'openai' ? [`the call ended as ${call.call.endReason}`] : []),
    ...(call ? [] : ['the call left no record']),
    ...(durationMs >= LONGEST_MS ? [`the call had not ended after ${LONGEST_MS / 1_000} s`] : [])
  ]
}
