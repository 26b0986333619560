import { randomInt } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { PhoneCall } from '../../simulator/telephone/telephone.ts'
import { authToken, startServer } from '../server-process.ts'
import { newStoreSettings, open } from '../stores.ts'
import { receive } from './receiver.ts'

/** `npm test` plays one kill. */
const isTrial = process.env['TRIAL'] === 'webhooks'
const CALLS = isTrial ? 5_000 : 24
const KILLS = isTrial ? 10 : 1
const AWAY_MS = isTrial ? 60_000 : 500
const AT_ONCE = isTrial ? 20 : 8
/** The part of the calls during which the receiver is well and no server is killed. */
const CALM = 0.1
/** What a server knows for this long is not lost with it. */
const SAFE_MS = 1_000
const LONGEST_DELAY_MS = 3_000

interface Placed {
  readonly callSid: string
  readonly streamedAt: number
  hungUpAt: number | undefined
  /** Its server was killed then. */
  killedAt: number | undefined
}

type Server = Awaited<ReturnType<typeof startServer>>

test('a receiver that fails, is slow, closes early and is away, and servers that are killed: no end of a call is lost', {
  timeout: isTrial ? 1_800_000 : 40_000
}, async () => {
  let isCalm = true
  /** The calls whose end was answered with 2xx. */
  const taken = new Set<string>()
  const receiver = await receive({
    answer: ({ type, data }, reply) => {
      const take = () => {
        if (type === 'call.ended') taken.add(data.call.callSid ?? '')
        reply.writeHead(204).end()
      }
      if (isCalm) take()
      else stormy(reply, take)
    }
  })
  const settings = await newStoreSettings('SQLite')
  const env = {
    ...receiver.env,
    ...{ DATA_DIR: settings.dataDir, WEBHOOK_RETRY_MS: `250,500,1000,${Array(100).fill(2_000)}` },
    ...{ EARLY_GREETING: 'false', MAX_CALLS: '1000' }
  }
  const placed: Placed[] = []
  let server = await startServer(env)
  await place(server, CALLS * CALM, placed)
  await expect.poll(() => untold(placed), { timeout: 10_000 }).toEqual([])
  isCalm = false
  const away = receiver.isAwayFor(AWAY_MS)
  for (let kill = 0; kill < KILLS; kill += 1) {
    await placeAndKill(server, Math.ceil((CALLS * (1 - CALM)) / KILLS), placed)
    server = await startServer(env)
  }
  await away
  if (!isTrial) await endLeases(settings)

  const known = placed.filter(({ streamedAt, killedAt }) => killedAt === undefined || streamedAt < killedAt - SAFE_MS)
  await expect.poll(() => untold(known), { timeout: isTrial ? 300_000 : 20_000, interval: 500 }).toEqual([])

  const ids = new Map<string, Set<string>>()
  for (const { id, type, data } of receiver.received.all) {
    const event = `${type} ${data.call.callSid}`
    ids.set(event, (ids.get(event) ?? new Set()).add(id))
  }
  expect([...ids].filter(([, { size }]) => size !== 1)).toEqual([])
  const delays = placed.slice(0, CALLS * CALM).map(({ callSid, hungUpAt = 0 }) => {
    return (ends().find(({ data }) => data.call.callSid === callSid)?.at ?? Number.NaN) - hungUpAt
  })
  expect(Math.max(...delays)).toBeLessThan(LONGEST_DELAY_MS)
  if (isTrial) report({ placed, known, received: receiver.received.all.length, events: ids.size, delays })

  function untold(calls: readonly Placed[]): string[] {
    return calls.map(({ callSid }) => callSid).filter((callSid) => !taken.has(callSid))
  }

  function ends() {
    return receiver.received.all.filter(({ type }) => type === 'call.ended')
  }
})

/** Half of the events are refused, or read by somebody who closes before the answer; some answers take seconds. */
function stormy(reply: ServerResponse, take: () => void): void {
  const luck = randomInt(100)
  if (luck < 25) reply.writeHead(500).end()
  else if (luck < 50) reply.destroy()
  else if (luck < 60) setTimeout(take, randomInt(500, 3_000))
  else take()
}

/** Rings the server, some callers at a time, until so many have come through, or as long as `goesOn`. */
async function place(server: Server, count: number, placed: Placed[], goesOn = () => true): Promise<void> {
  const last = placed.length + count
  const caller = async () => {
    // A server that is late declines callers, and one that was killed answers nobody.
    while (placed.length < last && goesOn()) await aCall(server, placed).catch(() => delay(50))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, caller))
}

/** A caller who is through to the agent for a moment. */
async function aCall({ url }: Server, placed: Placed[]): Promise<void> {
  const from = `+1555${1_000_000 + placed.length}`
  const phone = await PhoneCall.ring({ url, authToken, remember: false, from })
  const isThrough = await Promise.race([phone.streaming.then(() => true), phone.ended.then(() => false)])
  if (!isThrough) throw new Error('the caller was declined')
  const call: Placed = { callSid: phone.callSid, streamedAt: Date.now(), hungUpAt: undefined, killedAt: undefined }
  placed.push(call)
  await Promise.race([delay(randomInt(100, 1_500)), phone.ended])
  call.hungUpAt = Date.now()
  phone.hangUp()
  await phone.ended
}

async function placeAndKill(server: Server, count: number, placed: Placed[]): Promise<void> {
  const first = placed.length
  let isAlive = true
  const calling = place(server, Number.POSITIVE_INFINITY, placed, () => isAlive)
  const limit = { timeout: isTrial ? 600_000 : 20_000, interval: 20 }
  await expect.poll(() => placed.length - first, limit).toBeGreaterThanOrEqual(count)
  const killedAt = Date.now()
  server.child.kill('SIGKILL')
  isAlive = false
  for (const call of placed.slice(first)) call.killedAt = killedAt
  await server.exit
  await calling
}

/** The calls of a killed server are closed when its lease has run out, after 20 s. */
async function endLeases(settings: Parameters<typeof open>[0]): Promise<void> {
  const store = await open(settings)
  const nodes = await store.db.selectFrom('nodes').select('id').orderBy('seenAt').execute()
  const dead = nodes.slice(0, -1).map(({ id }) => id)
  await store.db.updateTable('nodes').set({ leaseUntil: 0 }).where('id', 'in', dead).execute()
}

interface Figures {
  readonly placed: readonly Placed[]
  readonly known: readonly Placed[]
  readonly received: number
  readonly events: number
  readonly delays: readonly number[]
}

function report({ placed, known, received, events, delays }: Figures): void {
  const sorted = [...delays].sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1]
  console.log(`${placed.length} calls, ${KILLS} kills; ${known.length} calls were older than ${SAFE_MS} ms: 0 lost`)
  console.log(`${events} events, ${received} deliveries: every duplicate had the same webhook-id`)
  console.log(`call.ended on the wire after the hang-up: p50 ${at(0.5)}, p95 ${at(0.95)}, max ${at(1)} ms`)
}
