import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Locator } from 'playwright-core'
import { expect } from 'vitest'
import type { PracticeSession } from '../../simulator/model/practice-model.ts'
import type { PhoneCall } from '../../simulator/telephone/telephone.ts'
import * as cues from '../../src/agent/cues.ts'
import { axeViolations, browserTest, screenshot, useBrowser } from '../browser.ts'
import { hearsOut, obliging, says } from '../call/manners/scene.ts'
import { distinctSound, receivesAudio } from '../house.ts'
import { startConsole } from './console.ts'
import { visit } from './pages.ts'

const open = useBrowser()

/** How soon what happened stands on the page, in ms. */
const SOON_MS = 1_000

/** How late this process was at the worst: telephone, model, server and this test run in it. */
function lateness(): () => number {
  const delays = monitorEventLoopDelay({ resolution: 5 })
  delays.enable()
  return () => delays.max / 1e6
}

/** The first byte of a message to who listens says whose sound it is. */
const [CALLER, AGENT] = [0, 1]
const isOf =
  (lane: number) =>
  ({ payload }: { payload: string | Buffer }) =>
    typeof payload !== 'string' && payload[0] === lane

/** How long it takes until it is there, in ms. */
async function seenAfter(shown: Locator): Promise<number> {
  const since = performance.now()
  await shown.waitFor({ timeout: 6_000 })
  return performance.now() - since
}

/** The caller speaks aloud, and the model hears when they begin and end. */
async function say(phone: PhoneCall, session: PracticeSession, words: string, meanwhile: () => Promise<void>) {
  const receivedMs = session.audioMs
  const spoken = phone.play(distinctSound(400))
  await receivesAudio(session, receivedMs + 200)
  session.hearSpeech()
  await meanwhile()
  await spoken
  session.hearSilence(words)
}

browserTest(
  'a call is on the page within a second, with who speaks and what was said, until it is over',
  async () => {
    const model = obliging(() => [says('We are open from nine to five.', 2_500)])
    const { house } = await startConsole('SQLite', {
      model,
      env: { TRANSFER_TARGETS: 'billing=+15551230009', LISTEN: 'true' }
    })
    const page = await open()
    await visit(page, house, '/console')
    await page.getByText('up to date').waitFor()
    await page.getByText('Nobody is on the phone.').waitFor()

    const lateMs = lateness()
    const times: number[] = []
    const soon = async (shown: Locator) => void times.push(await seenAfter(shown))
    const { phone, session } = await house.connect()
    const row = page.locator('.live .call')
    await soon(row)
    expect(await row.locator('.who').innerText()).toContain('+15551230001')
    const listening = page.waitForEvent('websocket')
    await row.getByRole('button', { name: 'Listen' }).click()
    const socket = await listening
    const lanes = Promise.all([CALLER, AGENT].map((lane) => socket.waitForEvent('framereceived', isOf(lane))))
    await say(phone, session, 'When are you open?', () => soon(row.getByText('caller speaks')))
    await soon(row.getByText('agent speaks'))
    await row.getByText('When are you open?').waitFor()
    await row.getByText('We are open from nine to five.').waitFor()
    expect(Math.max(...times)).toBeLessThan(SOON_MS + lateMs())
    await lanes
    await row.getByRole('button', { name: 'Listen' }).click()
    await expect.poll(() => socket.isClosed()).toBe(true)

    expect(await axeViolations(page)).toEqual([])
    await screenshot(page, 'live-call')
    expect(await row.getByLabel('Put the caller through to').innerText()).toContain('billing')
    await row.getByLabel('What the agent should say').fill('The parking lot is closed.')
    await page.keyboard.press('Enter')
    await row.getByText('The agent was told.').waitFor()
    await hearsOut(house, cues.operatorSays('The parking lot is closed.'))

    await row.getByRole('link').click()
    await page.getByRole('heading', { name: '+15551230001' }).waitFor()
    await page.locator('.transcript').getByText('We are open from nine to five.').waitFor()
    await say(phone, session, 'And on Sunday?', async () => {})
    await soon(page.locator('.transcript').getByText('And on Sunday?'))
    await page.getByRole('button', { name: 'End', exact: true }).click()
    const record = await house.records.next()
    expect(record.endReason).toBe('operator_hung_up')
    await page.getByText('operator hung up').first().waitFor()
    await page.getByRole('link', { name: 'Live' }).click()
    await page.getByText('Nobody is on the phone.').waitFor()
    await page.locator('.calls').getByText('operator hung up').waitFor()
  },
  40_000
)
