import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { PhoneCall } from '../../../simulator/telephone/telephone.ts'
import type { Call } from '../../../src/call/call.ts'
import { eventually, type House, startHouse } from '../../house.ts'

const isTrial = process.env['TRIAL'] === 'memory'
const CALLS = isTrial ? 300 : 50
const AT_ONCE = 10
/** What a call may leave behind, by heap size: counters, and the test's own memory of it. */
const MAX_LEFT_PER_CALL = 60_000

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Connections and timers that the process has open. */
function handles(): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of process.getActiveResourcesInfo()) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

const sockets = () => handles()['TCPSocketWrap'] ?? 0

/** Rings, hears the greeting, and hangs up, in one of the ways in which calls end. */
async function shortCall({ url, config }: House, index: number): Promise<void> {
  const closeStyle = (['stop', 'no-stop', 'dies'] as const)[index % 3] ?? 'stop'
  const heard = Promise.withResolvers<void>()
  const onFrame = ({ event }: { event: string }) => event === 'media' && heard.resolve()
  const from = `+1555${1_000_000 + index}`
  const { authToken } = config.twilio
  const phone = await PhoneCall.ring({ url, authToken, remember: false, closeStyle, from, onFrame })
  await heard.promise
  phone.hangUp()
  await phone.ended
}

test('memory and sockets are what they were once the calls are over', { timeout: 90_000 }, async () => {
  const calls: WeakRef<Call>[] = []
  let records = 0
  const house = await startHouse({
    env: { GREETING: 'Say hello.', LOG_LEVEL: 'silent' },
    model: { vad: false, keepAudio: false, brain: () => [{ tone: 100 }] },
    overrides: {
      isOverloaded: () => false,
      readers: [(call) => calls.push(new WeakRef(call))],
      saveRecord: async () => {
        records += 1
      }
    }
  })
  const run = async (first: number, count: number) => {
    for (let index = first; index < first + count; index += AT_ONCE) {
      await Promise.all(Array.from({ length: AT_ONCE }, (_, offset) => shortCall(house, index + offset)))
    }
    await eventually(
      () => house.app.calls.live,
      (live) => live === 0
    )
    await eventually(sockets, (open) => open <= AT_ONCE)
    collectGarbage()
  }
  await run(0, 30)
  const socketsBefore = sockets()
  const heapBefore = process.memoryUsage().heapUsed
  await run(30, CALLS)
  expect(records).toBe(CALLS + 30)
  expect(house.app.calls.warm.size).toBe(0)
  await eventually(sockets, (open) => open <= socketsBefore)
  // Each call with its stream, its session and its transport is garbage; a timer of 2 s may hold the last ones.
  await eventually(
    () => {
      collectGarbage()
      return calls.filter((call) => call.deref() !== undefined).length
    },
    (left) => left === 0,
    10_000
  )
  const left = (process.memoryUsage().heapUsed - heapBefore) / CALLS
  if (isTrial)
    console.log({
      calls: CALLS,
      heapLeftPerCall: Math.round(left),
      sockets: [socketsBefore, sockets()],
      handles: handles()
    })
  expect(left).toBeLessThan(MAX_LEFT_PER_CALL)
})
