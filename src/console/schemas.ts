import { z } from 'zod'
import { END_REASONS, FAULTS } from '../call/end-reason.ts'
import { phoneNumber } from '../phone-number.ts'

/**
 * The shapes of the API: its answers are typed by them, its requests are checked with them, `/api/openapi.json` is made of
 * them, and the console's pages take their types from here. Times are ISO 8601; a name that ends in `Ms` is a length, but
 * for `atMs`, `startMs`, `endMs` and the stations, which are points: milliseconds since the call's first `start`.
 */

const time = z.iso.datetime()
const ms = z.number()
const usd = z.number()
const count = z.int().min(0)
const list = <Schema extends z.ZodType>(of: Schema) => z.array(of).readonly()

export const ErrorAnswer = z.strictObject({ error: z.strictObject({ code: z.string(), message: z.string() }) })

export const Call = z.strictObject({
  id: z.string().describe('The callSid of a call that rang us.'),
  callSid: z.string().nullable(),
  direction: z.string(),
  from: z.string().nullable(),
  to: z.string().nullable(),
  agent: z.string().nullable().describe('The agent that had the call last.'),
  node: z.string().describe('The server that had the call last.'),
  version: z.string(),
  practice: z.boolean().describe('The call was rung by the simulator.'),
  parameters: z.record(z.string(), z.string()),
  startedAt: time,
  answeredAt: time.nullable(),
  endedAt: time.nullable().describe('Null while the call goes on.'),
  durationMs: ms.nullable(),
  endReason: z.enum([...END_REASONS, 'lost']).nullable(),
  fault: z.enum(FAULTS).nullable(),
  firstAudioMs: ms.nullable(),
  responseMs: z.strictObject({ n: count, p50: ms.nullable(), p90: ms.nullable(), max: ms.nullable() }),
  turns: count,
  bargeIns: count,
  reconnections: count,
  tools: count,
  costUsd: usd.describe('What OpenAI bills.'),
  cost: z.strictObject({ model: usd, transcription: usd, analysis: usd, telephonyEstimate: usd }),
  recording: z.enum(['none', 'kept', 'deleted']),
  consent: z
    .strictObject({
      mode: z.enum(['announce', 'ask']),
      noticeHeardAt: time.nullable(),
      answer: z.enum(['yes', 'no']).nullable()
    })
    .nullable(),
  resultState: z.enum(['off', 'pending', 'completed', 'skipped', 'failed'])
})

const station = ms.nullable()
export const Turn = z.strictObject({
  id: z.string(),
  who: z.enum(['caller', 'agent']),
  agent: z.string().nullable(),
  text: z.string().nullable().describe('What was heard of it.'),
  generatedText: z.string().nullable(),
  textState: z.enum(['final', 'partial', 'never']),
  cut: z.boolean(),
  startMs: ms.nullable(),
  endMs: ms.nullable(),
  sentMs: ms.nullable().describe('The length of the audio that was sent.'),
  heardMs: ms.nullable().describe('The length of the audio that was heard.'),
  tool: z.boolean().describe('A tool ran between the caller’s turn and this answer.'),
  toolMs: ms.nullable(),
  stream: z.string(),
  stations: z.strictObject({
    ...{ voiceEnd: station, vadStop: station, committed: station, answerStarted: station },
    ...{ firstToken: station, firstAudio: station, sent: station, heard: station }
  })
})

/** What else an event has depends on its type. */
export const Event = z.looseObject({ seq: count, atMs: ms, type: z.string(), stream: z.string() })

export const Usage = z.strictObject({
  responseId: z.string().nullable(),
  model: z.string(),
  textIn: count,
  audioIn: count,
  cachedText: count,
  cachedAudio: count,
  textOut: count,
  audioOut: count,
  seconds: z.number(),
  usd: usd.nullable().describe('Null for a model without a price.')
})

export const Delivery = z.strictObject({
  webhookId: z.string(),
  type: z.string(),
  attempts: count,
  status: z.int().nullable(),
  state: z.enum(['pending', 'delivered', 'dead', 'disabled']),
  at: time
})

export const WholeCall = z.strictObject({
  call: Call,
  turns: list(Turn),
  events: list(Event),
  usage: list(Usage),
  result: z.record(z.string(), z.unknown()).readonly().nullable(),
  deliveries: list(Delivery)
})

export const Calls = z.strictObject({ calls: list(Call), next: z.string().nullable() })

export const Peaks = z.strictObject({
  durationMs: ms,
  perSecond: z.int(),
  caller: list(z.number()).describe('The loudest sample of each part, from 0 to 1.'),
  agent: list(z.number())
})

export const Erased = z.strictObject({ calls: count, items: count })

const Kept = z.strictObject({ kind: z.string(), key: z.string(), at: time, data: z.unknown() })
export const Export = z.strictObject({
  number: z.string(),
  exportedAt: time,
  calls: list(z.strictObject({ ...WholeCall.shape, recordingFile: z.string().nullable() })),
  items: list(Kept)
})

export const Item = z.strictObject({
  ...Kept.shape,
  kind: z.string().describe('Such as `message` or `appointment`: the agent’s tools choose it.'),
  caller: z.string().nullable(),
  callId: z.string().nullable(),
  doneAt: time.nullable()
})
export const Items = z.strictObject({ items: list(Item), next: z.string().nullable() })

export const Stats = z.strictObject({
  from: time,
  to: time,
  days: list(
    z.strictObject({
      day: z.iso.date().describe('In UTC.'),
      agent: z.string().nullable(),
      calls: count,
      durationMs: ms,
      responseMs: z.strictObject({ n: count, p50: ms.nullable(), p90: ms.nullable(), max: ms.nullable() }),
      faults: z.partialRecord(z.enum(FAULTS), count),
      costUsd: usd
    })
  ),
  slowest: list(
    z.strictObject({
      callId: z.string(),
      startedAt: time.describe('When the call began.'),
      turn: z.string(),
      stream: z.string(),
      agent: z.string().nullable(),
      atMs: ms.describe('When the caller had finished.'),
      responseMs: ms,
      text: z.string().nullable()
    })
  )
})

const share = z.strictObject({ used: z.number(), limit: z.number().nullable() })
export const Health = z.strictObject({
  version: z.string(),
  node: z.string().describe('The version of Node.js.'),
  startedAt: time,
  isReady: z.boolean(),
  eventLoopDelayMs: ms,
  memoryBytes: count,
  lines: share.describe('Callers who have a line.'),
  connections: share,
  store: z.strictObject({
    engine: z.enum(['SQLite', 'PostgreSQL', 'none']),
    waitingRows: share,
    disk: z.strictObject({ freeBytes: count, totalBytes: count }).nullable()
  }),
  settings: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean(), list(z.string())]).nullable())
    .describe('Of a secret only whether it is set.')
})

/** Text of a query: what a database refuses is refused here, in a sentence. */
const words = z
  .string()
  .min(1)
  .max(200)
  .refine((value) => value.isWellFormed() && !value.includes('\0'), 'expected text without NUL and half characters')
const cursor = z.string().max(300).optional().describe('`next` of the page before.')
const whole = (what: string, from: number, to: number) => {
  const error = `expected ${what} from ${from} to ${to}`
  return z.coerce.number(error).int(error).min(from, error).max(to, error)
}
const limit = whole('a whole number', 1, 200).default(50)

export const CallFilters = z.strictObject({
  reason: Call.shape.endReason.unwrap().optional(),
  fault: z.enum(FAULTS).optional(),
  agent: words.optional(),
  number: phoneNumber.optional().describe('The caller’s, or the one that was called. A `+` is `%2B` in a URL.'),
  minResponseMs: whole('milliseconds', 0, 3_600_000).optional(),
  q: words.optional().describe('Said, heard or generated words.')
})
export const CallsQuery = CallFilters.extend({ limit, cursor })
export const ItemsQuery = z.strictObject({ kind: words.optional(), limit, cursor })
export const PeaksQuery = z.strictObject({ perSecond: whole('a whole number', 1, 100).default(20) })
export const StatsQuery = z.strictObject({ days: whole('days', 1, 366).default(30) })
export const NoQuery = z.strictObject({})

export const CallPath = z.strictObject({
  callSid: z.string().regex(/^[\w-]{1,64}$/, 'expected the id of a call, like CA0123…')
})
export const DeliveryPath = z.strictObject({
  webhookId: z.string().regex(/^\w{1,64}$/, 'expected a webhook-id, like msg_0123…')
})
export const CallerPath = z.strictObject({ number: phoneNumber })
export const ItemPath = z.strictObject({ kind: words, key: words })

export const SayBody = z.strictObject({ text: words.max(1_000) })
export const TransferBody = z.strictObject({ target: words })
export const ItemBody = z.strictObject({ done: z.boolean() })
export const Done = z.strictObject({ done: z.literal(true) })
