import type { EndReason, Fault } from '../call/end-reason.ts'

/**
 * What is stored, table by table. A column's name is the field's name everywhere: in the writer, in the API's answers,
 * in the console. Points in time are milliseconds since the epoch where a name ends in `At`, else milliseconds since the
 * first `start` of the call. Flags are 0 or 1, and JSON is text, because both engines have these.
 */
export interface Tables {
  readonly calls: CallRow & Stamp
  readonly turns: TurnRow & Stamp
  readonly events: EventRow & Stamp
  readonly writers: WriterRow
  readonly usage: UsageRow
  readonly recordingChunks: RecordingChunkRow
  readonly nodes: NodeRow
  readonly erased: ErasedRow
  readonly audit: AuditRow
  readonly agentItems: AgentItemRow
  readonly deliveries: DeliveryRow
  readonly results: ResultRow
}

/**
 * Who wrote a row last, and where that stands among all that they wrote: a writer's transactions follow one another, so
 * whoever has read up to a number of theirs has missed nothing below it. Null for rows from before there were stamps.
 */
export interface Stamp {
  readonly writer: string | null
  readonly writerSeq: number | null
}

/** How far a writer has come. */
export interface WriterRow {
  readonly id: string
  readonly seq: number
  readonly at: number
}

export interface CallRow {
  /** The callSid of a call that rang us. */
  readonly id: string
  readonly callSid: string | null
  readonly direction: string
  readonly from: string | null
  readonly to: string | null
  /** The agent that had the call last. */
  readonly agent: string | null
  /** The process that had the call last. */
  readonly node: string
  /** The version of the package, and a hash of the agent. */
  readonly version: string
  /** The call was rung by the simulator. */
  readonly practice: number
  /** JSON: the values from the webhook's query. */
  readonly parameters: string
  readonly startedAt: number
  readonly answeredAt: number | null
  /** Null while the call goes on. */
  readonly endedAt: number | null
  /** `lost`: its process died. */
  readonly endReason: EndReason | 'lost' | null
  readonly fault: Fault | null
  readonly firstAudioMs: number | null
  /** The answers that `responseMs` was measured for. */
  readonly responses: number
  readonly responseP50Ms: number | null
  readonly responseP90Ms: number | null
  readonly responseMaxMs: number | null
  readonly turns: number
  readonly bargeIns: number
  readonly reconnections: number
  readonly tools: number
  /** The streams of this call so far. An older stream's late words do not replace a newer stream's row. */
  readonly streams: number
  readonly recording: 'none' | 'kept' | 'deleted'
  /** JSON, `{ mode, noticeHeardAt, answer }`; null when nobody had to be asked. */
  readonly consent: string | null
  readonly resultState: 'off' | 'pending' | 'completed' | 'skipped' | 'failed'
  readonly updatedAt: number
}

export interface TurnRow {
  readonly callId: string
  /** The streamSid of the stream on which the turn was spoken. */
  readonly stream: string
  readonly id: string
  readonly who: 'caller' | 'agent'
  readonly agent: string | null
  /** The words; of the agent's those that were heard. */
  readonly text: string | null
  /** The agent's words as they were generated. */
  readonly generatedText: string | null
  readonly textState: 'final' | 'partial' | 'never'
  readonly cut: number
  readonly startMs: number | null
  readonly endMs: number | null
  readonly sentMs: number | null
  readonly heardMs: number | null
  /** Whether a tool ran between the caller's turn and this answer, and for how long. */
  readonly tool: number
  readonly toolMs: number | null
  readonly voiceEnd: number | null
  readonly vadStop: number | null
  readonly committed: number | null
  readonly answerStarted: number | null
  readonly firstToken: number | null
  readonly firstAudio: number | null
  readonly sent: number | null
  readonly heard: number | null
}

export interface EventRow {
  readonly callId: string
  readonly stream: string
  /** The number in the journal of its stream. */
  readonly seq: number
  readonly atMs: number
  readonly type: string
  /** JSON: the event without its type. */
  readonly data: string
}

export interface UsageRow {
  readonly callId: string
  readonly stream: string
  readonly seq: number
  readonly responseId: string | null
  readonly model: string
  readonly textIn: number
  readonly audioIn: number
  readonly cachedText: number
  readonly cachedAudio: number
  readonly textOut: number
  readonly audioOut: number
  readonly seconds: number
}

/** One second of a recording, mu-law, the caller's and the agent's samples in turn. Only where Postgres is the store. */
export interface RecordingChunkRow {
  readonly callId: string
  /** The second since the first `start`. */
  readonly second: number
  readonly audio: Uint8Array
}

/** A server that runs. Its calls are its own until `leaseUntil`. */
export interface NodeRow {
  readonly id: string
  readonly seenAt: number
  readonly leaseUntil: number
}

/** A call that was erased: what is still on its way to the store is not stored. */
export interface ErasedRow {
  readonly callId: string
  readonly erasedAt: number
}

export interface AuditRow {
  readonly id: string
  readonly at: number
  readonly action: 'erase' | 'export' | 'playback' | 'listen'
  /** The calls that were concerned. */
  readonly calls: number
  /** The remote address, or `command` for a command of this machine. */
  readonly address: string
}

/** What the agent's own tools keep: a message, an appointment. */
export interface AgentItemRow {
  readonly kind: string
  readonly key: string
  /** The caller's number, by which it is erased. */
  readonly caller: string | null
  readonly callId: string | null
  readonly at: number
  /** JSON. */
  readonly data: string
  /** When a person was done with it: a message that was answered. */
  readonly doneAt: number | null
}

/** An event that is sent to WEBHOOK_URL. The outbox: what is not delivered yet, and what was. */
export interface DeliveryRow {
  /** Null for what concerns no call. */
  readonly callId: string | null
  /** The `webhook-id`. Ids of one process are in the order in which they were made. */
  readonly id: string
  readonly type: string
  /** What tells two events of one type and call apart: each has one row. */
  readonly key: string
  readonly at: number
  /** `held`: known to come, and not before `dueAt`. `pending`: it may have been tried. `disabled`: the receiver is gone for good. */
  readonly state: 'held' | 'pending' | 'delivered' | 'dead' | 'disabled'
  readonly dueAt: number
  /** The process that is sending it. */
  readonly takenBy: string | null
  /** Nobody looks at it before: it is being sent, or waits for an event that is tried again then. */
  readonly takenUntil: number
  /** Attempts that came to an end. */
  readonly attempts: number
  /** The HTTP status of the last attempt; null when nobody answered. */
  readonly status: number | null
  /** JSON: what the body says beside the call. */
  readonly data: string
  /** JSON. Made for the first attempt, and the same for all that follow. */
  readonly body: string | null
}

/** What is learned from a call after it. */
export interface ResultRow {
  readonly callId: string
  /** Null when nothing more is done. */
  readonly dueAt: number | null
  readonly takenBy: string | null
  readonly takenUntil: number
  /** Requests that came to an end. */
  readonly attempts: number
  /** JSON: each field as `{ value, turns }`; null before it is known. */
  readonly data: string | null
}
