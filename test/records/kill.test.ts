import { buffer } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { closeLost, Node } from '../../src/records/nodes.ts'
import { readRecording } from '../../src/records/read-recording.ts'
import { HEADER_BYTES, SAMPLES_PER_MS } from '../../src/records/wav.ts'
import type { Store } from '../../src/store/open.ts'
import { heardMs, hears, speak } from '../call/manners/scene.ts'
import { startServer } from '../server-process.ts'
import { ENGINES, newStoreSettings, open } from '../stores.ts'
import { lanesOf } from './kept.ts'

const isTrial = process.env['TRIAL'] === 'kill'
const ROUNDS = isTrial ? 20 : 1
const SENTENCE_EVERY_MS = 150
/** A machine that tests is busy. The promise is a second, and the trial's. */
const MOST_LOST_MS = isTrial ? 1_000 : 2_000
const CLOSED_MS = 30_000

interface Round {
  readonly callIds: readonly string[]
  readonly killedAt: number
  /** Rows that were read before the kill and not after it. */
  readonly acknowledgedLost: number
  /** The age of the oldest sentence of the caller's that is not kept. */
  readonly callerWordsMs: number
  /** What the caller has heard of the agent's answer, and is not kept as heard. */
  readonly agentWordsMs: number
  readonly recordingMs: number
}

const turnsOf = ({ db }: Store, callIds: readonly string[]) =>
  db.selectFrom('turns').selectAll().where('callId', 'in', callIds).execute()

async function soundOf(store: Store, callId: string): Promise<Buffer> {
  const recording = await readRecording(store, callId)
  return recording ? buffer(recording.stream()) : Buffer.alloc(HEADER_BYTES)
}

/** A server with two calls, killed in the middle: in one the caller speaks all the time, in the other the agent. */
async function killOne(store: Store, env: Record<string, string>, afterMs: number): Promise<Round> {
  const server = await startServer({ ...env, RECORDING: 'announce' })
  const speaking = await server.connect()
  const listening = await server.connect()
  const said: { text: string; at: number }[] = []
  const timer = setInterval(() => {
    const text = `This is sentence ${said.length + 1}.`
    speak(speaking.session, text)
    said.push({ text, at: performance.now() })
  }, SENTENCE_EVERY_MS)
  const before = heardMs(listening.phone)
  void listening.session.say({ ms: 20_000, transcript: 'One two three four five six seven eight nine ten. '.repeat(5) })
  await hears(listening.phone, afterMs)

  const callIds = [speaking, listening].map(({ phone }) => phone.callSid)
  const acknowledged = await turnsOf(store, callIds)
  const sound = await Promise.all(callIds.map((id) => soundOf(store, id)))
  const [heard, tapes, killedAt] = [heardMs(listening.phone) - before, callIds.map(tapeMs), performance.now()]
  server.child.kill('SIGKILL')
  clearInterval(timer)
  await server.exit

  const left = await turnsOf(store, callIds)
  const texts = new Set(left.map(({ text }) => text))
  const keys = new Set(left.map(({ callId, stream, id }) => `${callId} ${stream} ${id}`))
  const missing = said.find(({ text }) => !texts.has(text))
  const answers = left.filter(({ callId, who }) => callId === listening.phone.callSid && who === 'agent')
  const kept = await Promise.all(callIds.map((id) => soundOf(store, id)))
  expect(lanesOf(kept[1] ?? Buffer.alloc(0)).agent.some((sample) => sample !== 0xff)).toBe(true)
  const lostRows = acknowledged.filter(({ callId, stream, id }) => !keys.has(`${callId} ${stream} ${id}`)).length
  const lostSound = kept.filter(
    (wav, at) => !samplesOf(wav).subarray(0, lengthOf(sound[at])).equals(samplesOf(sound[at]))
  )
  return {
    ...{ callIds, killedAt: Date.now() - (performance.now() - killedAt) },
    acknowledgedLost: lostRows + lostSound.length,
    callerWordsMs: missing ? Math.round(killedAt - missing.at) : 0,
    agentWordsMs: Math.round(heard - Math.max(0, ...answers.map(({ heardMs }) => heardMs ?? 0))),
    recordingMs: Math.max(...kept.map((wav, at) => Math.round((tapes[at] ?? 0) - lengthOf(wav) / 2 / SAMPLES_PER_MS)))
  }

  function tapeMs(callSid: string): number {
    const { phone } = callSid === speaking.phone.callSid ? speaking : listening
    return phone.recorded('start').agent.length / SAMPLES_PER_MS
  }
}

const samplesOf = (wav: Buffer | undefined) => (wav ?? Buffer.alloc(0)).subarray(HEADER_BYTES)
const lengthOf = (wav: Buffer | undefined) => samplesOf(wav).length

/** When all of these calls were closed as lost, by whoever else runs. */
async function closedAt({ db }: Store, callIds: readonly string[]): Promise<number> {
  for (const until = Date.now() + CLOSED_MS + 5_000; Date.now() < until; await wait(100)) {
    const rows = await db
      .selectFrom('calls')
      .select(['endReason', 'fault'])
      .where('id', 'in', callIds)
      .where('endedAt', 'is not', null)
      .execute()
    for (const row of rows) expect(row).toEqual({ endReason: 'lost', fault: 'us' })
    if (rows.length === callIds.length) return Date.now()
  }
  return Number.POSITIVE_INFINITY
}

describe.each(ENGINES)('kill -9 in the middle of calls, on %s', (engine) => {
  test('loses nothing that was stored, less than a second of the rest, and another process closes the calls', {
    timeout: isTrial ? 600_000 : 30_000
  }, async () => {
    const settings = await newStoreSettings(engine)
    const store = await open(settings)
    const other = new Node(store)
    await other.join()
    const { dataDir, databaseUrl = '' } = settings
    const rounds: (Round & { readonly closed: Promise<number> })[] = []
    while (rounds.length < ROUNDS) {
      const afterMs = 2_500 + (rounds.length * 1_000) / ROUNDS
      const round = await killOne(store, { DATA_DIR: dataDir, DATABASE_URL: databaseUrl }, afterMs)
      rounds.push({ ...round, closed: closedAt(store, round.callIds) })
    }
    if (!isTrial) {
      // Nobody waits here for the lease of the dead server to run out.
      await store.db.updateTable('nodes').set({ leaseUntil: 0 }).where('id', '!=', other.id).execute()
      await closeLost(store)
    }
    const table = []
    for (const { callIds, killedAt, closed, ...figures } of rounds) {
      table.push({ ...figures, closedMs: Math.round((await closed) - killedAt) })
    }
    await other.leave()
    if (isTrial) console.table(table)
    for (const { acknowledgedLost, callerWordsMs, agentWordsMs, recordingMs, closedMs } of table) {
      expect(acknowledgedLost).toBe(0)
      expect(Math.max(callerWordsMs, agentWordsMs, recordingMs)).toBeLessThan(MOST_LOST_MS)
      expect(closedMs).toBeLessThan(CLOSED_MS)
    }
  })
})
