import { describe, expect, test } from 'vitest'
import type { CallSoFar } from '../../src/call/call-so-far.ts'
import type { EndReason } from '../../src/call/end-reason.ts'
import {
  type Afterwards,
  answerTo,
  type Line,
  type LineEvent,
  type Next,
  nextLine
} from '../../src/switchboard/line.ts'

const AT = 1_000_000
const claims = { callSid: 'CA1', from: '+15551230001', direction: 'inbound', parameters: {} }
const memory = [{ id: 'item_1', who: 'caller' as const, text: 'Billing, please.' }]
const transfer = { target: 'billing', summary: 'Asks about an invoice.' }
const before: CallSoFar = {
  ...{ callSid: 'CA1', streamSid: 'MZ1', from: undefined, to: undefined, direction: 'inbound', parameters: {} },
  ...{ isPractice: false, agent: undefined, startedAt: AT - 9_000, streams: 1, firstAudioMs: 30, responses: [] },
  ...{ turns: 2, bargeIns: 0, tools: 0, reconnections: 0, recording: 'none', consent: undefined }
}
const past = { claims, memory, transfer, before, streams: 1 }
const first = { claims, memory: [], returnedFrom: undefined }

const ended = (next: Afterwards, own: Partial<typeof past> | { transfer: undefined } = {}): Line => {
  return { name: 'ended', past: { ...past, ...own }, next, until: AT + 5 }
}

/** Every state; each but the first has had one stream. */
const states = {
  none: undefined,
  answered: { name: 'answered', admission: first, streams: 1, until: AT + 5 },
  streaming: { name: 'streaming', claims, stream: 'mine', streams: 1, hasSuperseded: false },
  'streaming, the older asked about': { name: 'streaming', claims, stream: 'mine', streams: 2, hasSuperseded: true },
  'ended, hang up': ended('hang up'),
  'ended, apologise': ended('apologise'),
  'ended, transfer': ended('transfer'),
  'ended, transfer to nobody': ended('transfer', { transfer: undefined }),
  'ended, stream again': ended('stream again'),
  'ended, stream again too often': ended('stream again', { streams: 4 }),
  dialling: { name: 'dialling', past, transfer, until: AT + 5 },
  talking: { name: 'talking', past, transfer, until: AT + 5 }
} satisfies Record<string, Line | undefined>
type State = keyof typeof states

const asked = (dial: string | undefined, isOver: boolean) => ({ type: 'asked' as const, dial, isOver, at: AT })
const over = (stream: string, reason: EndReason): LineEvent => {
  return { type: 'ended', stream, reason, memory, transfer: undefined, before, at: AT }
}

const events: LineEvent[] = [
  { type: 'expected', admission: first, at: AT },
  { type: 'streamed', claims, stream: 'newer' },
  over('mine', 'caller_hung_up'),
  over('mine', 'stream_lost'),
  over('older', 'superseded'),
  asked(undefined, false),
  asked(undefined, true),
  asked('no-answer', false),
  asked('completed', false),
  { type: 'given back' },
  { type: 'timed out', at: AT },
  { type: 'closed', at: AT }
]
const questions = events.filter((event) => event.type === 'asked')

/** The very same line: the event does not apply. */
const same = 'the same line'
const gone = undefined
type Outcome = Line | typeof gone | typeof same

const fresh = (streams: number): Line => ({ name: 'answered', admission: first, streams, until: AT + 60_000 })
const back = (returnedFrom: string | undefined): Line => {
  return { name: 'answered', admission: { claims, memory, returnedFrom, before }, streams: 1, until: AT + 60_000 }
}
const newer = (streams: number, hasSuperseded = false): Line => {
  return { name: 'streaming', claims, stream: 'newer', streams, hasSuperseded }
}
const lost = (streams: number): Line => {
  return {
    name: 'ended',
    past: { claims, memory, transfer: undefined, before, streams },
    next: 'stream again',
    until: AT + 10_000
  }
}
const mine = (streams: number): Line => ({ ...states.streaming, streams })
const dials: Line = { name: 'dialling', past, transfer, until: AT + 35_000 }
const talks: Line = { name: 'talking', past, transfer, until: AT + 4 * 3_600_000 + 60_000 }
const again = back(undefined)
const busy = back('billing: no-answer')

// biome-ignore format: a table, a row for each state and a column for each event
const table: Record<State, Outcome[]> = {
  //                                   expected  streamed        hung up  lost     older's end  asked  over   no-answer completed given back timed out  closed
  none:                               [fresh(0), newer(1),       same,    same,    same,        same,  same,  same,     same,     same,      same,      same],
  answered:                           [same,     newer(2),       same,    same,    same,        gone,  gone,  gone,     gone,     gone,      gone,      gone],
  streaming:                          [same,     newer(2, true), gone,    lost(1), same,        mine(1), gone, mine(1), mine(1),  same,      same,      gone],
  'streaming, the older asked about': [same,     newer(3, true), gone,    lost(2), same,        mine(2), gone, mine(2), mine(2),  same,      same,      gone],
  'ended, hang up':                   [fresh(1), newer(2),       same,    same,    same,        gone,  gone,  gone,     gone,     gone,      gone,      gone],
  'ended, apologise':                 [fresh(1), newer(2),       same,    same,    same,        gone,  gone,  gone,     gone,     gone,      gone,      gone],
  'ended, transfer':                  [fresh(1), newer(2),       same,    same,    same,        dials, gone,  dials,    dials,    gone,      gone,      gone],
  'ended, transfer to nobody':        [fresh(1), newer(2),       same,    same,    same,        gone,  gone,  gone,     gone,     gone,      gone,      gone],
  'ended, stream again':              [fresh(1), newer(2),       same,    same,    same,        again, gone,  again,    again,    gone,      gone,      gone],
  'ended, stream again too often':    [fresh(4), newer(5),       same,    same,    same,        gone,  gone,  gone,     gone,     gone,      gone,      gone],
  dialling:                           [fresh(1), newer(2),       same,    same,    same,        gone,  gone,  busy,     gone,     gone,      talks,     gone],
  talking:                            [fresh(1), newer(2),       same,    same,    same,        gone,  gone,  busy,     gone,     gone,      gone,      gone]
}

const hangUp: Next = { do: 'hang up' }
const apologise: Next = { do: 'apologise' }
const dial: Next = { do: 'dial', transfer }
const stream: Next = { do: 'stream', admission: { claims, memory, returnedFrom: undefined, before } }
const returns: Next = { do: 'stream', admission: { claims, memory, returnedFrom: 'billing: no-answer', before } }

// biome-ignore format: a table, a row for each state and a column for each question
const answers: Record<State, Next[]> = {
  //                                   asked      over    no-answer  completed
  none:                               [apologise, hangUp, apologise, hangUp],
  answered:                           [apologise, hangUp, apologise, apologise],
  streaming:                          [hangUp,    hangUp, hangUp,    hangUp],
  'streaming, the older asked about': [hangUp,    hangUp, hangUp,    hangUp],
  'ended, hang up':                   [hangUp,    hangUp, hangUp,    hangUp],
  'ended, apologise':                 [apologise, hangUp, apologise, apologise],
  'ended, transfer':                  [dial,      hangUp, dial,      dial],
  'ended, transfer to nobody':        [apologise, hangUp, apologise, apologise],
  'ended, stream again':              [stream,    hangUp, stream,    stream],
  'ended, stream again too often':    [apologise, hangUp, apologise, apologise],
  dialling:                           [hangUp,    hangUp, returns,   hangUp],
  talking:                            [hangUp,    hangUp, returns,   hangUp]
}

describe.each(Object.entries(states) as [State, Line | undefined][])('a line that is: %s', (state, line) => {
  test.each(events.map((event, column) => [event, table[state][column]] as const))('%j', (event, expected) => {
    expect(table[state]).toHaveLength(events.length)
    const next = nextLine(line, event)
    if (expected === same) expect(next).toBe(line)
    else expect(next).toEqual(expected)
  })

  test('has an answer to every question', () => {
    expect(questions.map((question) => answerTo(line, question).next)).toEqual(answers[state])
  })

  test('is plain data: read back from JSON, it goes on in the same way', () => {
    const stored = line && JSON.parse(JSON.stringify(line))
    expect(stored).toEqual(line)
    for (const event of events) expect(nextLine(stored, event)).toEqual(nextLine(line, event))
  })
})

const afterwards: Record<EndReason, Afterwards | undefined> = {
  caller_hung_up: undefined,
  caller_left_early: 'stream again',
  stream_lost: 'stream again',
  no_start: 'apologise',
  stream_refused: 'apologise',
  stream_abused: 'apologise',
  superseded: 'hang up',
  agent_hung_up: 'hang up',
  operator_hung_up: 'hang up',
  transferred: 'transfer',
  caller_silent: 'hang up',
  too_long: 'hang up',
  too_costly: 'hang up',
  drained: 'hang up',
  model_rejected: 'apologise',
  model_refused: 'apologise',
  model_unreachable: 'apologise',
  model_closed: 'apologise',
  model_mute: 'apologise',
  model_wrong_format: 'apologise',
  internal_error: 'apologise'
}

test.each(Object.entries(afterwards) as [EndReason, Afterwards | undefined][])(
  'a call that ended with %s leaves a line that does: %s',
  (reason, expected) => {
    const line = nextLine(states.streaming, over('mine', reason))
    expect(line?.name === 'ended' ? line.next : line).toBe(expected)
  }
)
