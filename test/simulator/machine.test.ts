import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { MachineTime, untilFree } from '../../simulator/call/machine.ts'

/** What a machine that is busy with something else does to this process. */
function holdUp(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until);
}

test('while the machine is late its time stands still, and whoever waits by it waits longer', async () => {
  const time = new MachineTime()
  const passed = time.pass(300, AbortSignal.timeout(10_000)).then(() => performance.now())
  await wait(50)
  const before = time.nowMs
  holdUp(600)
  expect(time.nowMs - before).toBeLessThan(100)
  const freeAt = performance.now()
  expect((await passed) - freeAt).toBeGreaterThan(100)
  expect(time.worstMs).toBeGreaterThan(500)
})

test('nobody is waited for when the call is over', async () => {
  await expect(new MachineTime().pass(10_000, AbortSignal.abort())).rejects.toThrow('aborted')
})

test('a call waits until it gets a core twice in a row, and says once that it waits', async () => {
  const shares = [0.3, 0.9, 0.4, 0.9, 1]
  const told: string[] = []
  await untilFree(
    (what) => told.push(what),
    () => shares.shift() ?? 0
  )
  expect(shares).toEqual([])
  expect(told).toEqual([expect.stringMatching(/^This machine is busy with something else: waiting/)])
})
