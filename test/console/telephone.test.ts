import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Page } from 'playwright-core'
import { expect, onTestFinished } from 'vitest'
import { SpeechDoor } from '../../simulator/call/speech-door.ts'
import { compareSound } from '../../simulator/sound/compare.ts'
import { silence } from '../../simulator/sound/mulaw.ts'
import { speak } from '../../simulator/sound/speech.ts'
import { recordingNotice } from '../../src/agent/cues.ts'
import { PRACTICE_ACCOUNT } from '../../src/twilio/frames.ts'
import { axeViolations, browserTest, screenshot, useBrowser } from '../browser.ts'
import { calls, obliging, says } from '../call/manners/scene.ts'
import { eventually, type House, journalOf, reaches } from '../house.ts'
import { finishedFile, lanesOf } from '../records/kept.ts'
import { startConsole, TOKEN } from './console.ts'
import {
  bug,
  frameTimes,
  lateMarks,
  likeness,
  microphoneFile,
  onlyInSecondMs,
  openConsole,
  playedOf,
  soundOf,
  spokenOf,
  stopOf,
  watchWire
} from './page-telephone.ts'

const QUESTION = 'Hello, when are you open on Friday?'
const ANSWER =
  'On Fridays we are open from nine to five, with a break at noon, and there is a parking lot behind the house.'
// The first words take this process so long that it would be late for the call.
const [spoken] = await Promise.all([speak(QUESTION), speak(ANSWER)])
/** The caller asks every four seconds, so that they also speak over the answer. */
const asking = Buffer.concat([spoken, silence(1_800)])
const open = useBrowser({ microphone: await microphoneFile('microphone', Buffer.concat(Array(12).fill(asking))) })

const call = (page: Page) => page.getByRole('button', { name: /^Call( again)?$/ }).click()
const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click()
const status = (page: Page) => page.locator('#telephone [role=status]')
const isSaid = (page: Page, sentence: string | RegExp) => status(page).filter({ hasText: sentence }).waitFor()

async function answered(house: House) {
  const answer = await house.answered.next(undefined, 8_000)
  await reaches(answer, 'live')
  return answer
}

/** What the page looks like, for somebody who wants to see it. */
async function look(page: Page, name: string): Promise<void> {
  if (!process.env['SCREENSHOTS']) return
  await screenshot(page, name)
  await page.emulateMedia({ colorScheme: 'dark' })
  await screenshot(page, `${name}-dark`)
  await page.setViewportSize({ width: 390, height: 844 })
  await screenshot(page, `${name}-narrow`)
  await page.setViewportSize({ width: 1280, height: 720 })
  await page.emulateMedia({ colorScheme: 'light' })
}

browserTest(
  'a call from the page is heard, spoken over, muted and hung up, and sounds as its recording does',
  async () => {
    const { house, store } = await startConsole('SQLite', {
      env: { RECORDING: 'announce' },
      model: { brain: () => [{ say: ANSWER }], whenBusy: 'answer-after' }
    })
    // The server is closed before the page.
    const page = await open({ provokes: /api\/live/ })
    const heard = await bug(page)
    const wire = await watchWire(page)
    await openConsole(page, house, TOKEN)
    await call(page)
    // The stream opens when it was there to be read: no voice reads it aloud in this browser.
    await isSaid(page, recordingNotice)
    expect(house.answered.all).toEqual([])
    const delays = monitorEventLoopDelay({ resolution: 5 })
    delays.enable()
    const answer = await answered(house)
    await eventually(
      () => journalOf(answer).map(({ event }) => event.type),
      (types) => types.includes('barge_in'),
      12_000
    )
    await press(page, 'Mute')
    const mutedAt = wire.sent.length
    await page.getByText('Keypad').click()
    for (const key of '7#') await press(page, key)
    await eventually(
      () =>
        journalOf(answer)
          .flatMap(({ event }) => (event.type === 'key' ? [event.key] : []))
          .join(''),
      (keys) => keys === '7#'
    )
    await look(page, 'talking')
    expect(await axeViolations(page)).toEqual([])
    await eventually(
      () => wire.sent.length - mutedAt,
      (frames) => frames > 60
    )
    const sounded = await heard()
    await press(page, 'Hang up')
    await isSaid(page, 'You hung up.')
    await look(page, 'over')
    const { callSid, from } = await house.records.next()
    expect(from).toBe('client:console')
    expect(await page.getByRole('link', { name: 'See the call' }).getAttribute('href')).toBe(
      `/console/calls/${callSid}`
    )

    await page.getByRole('link', { name: 'See the call' }).click()
    // The telephone has these words too: the page of the call has them under its own heading.
    await page.getByRole('heading', { name: 'What was said and heard' }).waitFor()
    await page.getByText('On Fridays we are open').first().waitFor()
    await look(page, 'call')
    const { caller, agent } = lanesOf(await finishedFile(house, store, callSid ?? ''))
    const times = frameTimes(wire)
    const lateMs = Math.max(delays.max / 1e6 - 5, ...times.slice(1).map((at, index) => at - (times[index] ?? at) - 20))
    const played = playedOf(wire, stopOf(wire))
    // 50 frames a second, whatever the rate of the devices.
    expect(Math.abs(times.filter((at) => at > 500 && at <= 3_500).length - 150)).toBeLessThanOrEqual(2 + lateMs / 20)
    // The recording has what was sent and played, when it was.
    for (const [lane, recorded] of [
      [spokenOf(wire), caller],
      [played, agent]
    ] as const) {
      const { commonMs, latestMs, earliestMs, missingMs } = compareSound(lane, recorded)
      expect(commonMs).toBeGreaterThan(200)
      expect(Math.max(latestMs, -earliestMs)).toBeLessThanOrEqual(20 + lateMs)
      expect(missingMs).toBeLessThanOrEqual(20 + lateMs)
    }
    // The loudspeaker has it at that time too, and nothing after a `clear`.
    const { lagMs, alike, gain } = likeness(played, sounded)
    expect(Math.abs(lagMs)).toBeLessThanOrEqual(20)
    expect(alike).toBeGreaterThan(0.95)
    expect(gain).toBeCloseTo(1, 1)
    expect(onlyInSecondMs(played, sounded)).toBe(0)
    // Marks are answered when that has been heard: none before, and most of them soon after.
    const late = lateMarks(wire).toSorted((one, other) => one - other)
    expect(late[0]).toBeGreaterThanOrEqual(-lateMs - 5)
    expect(late[Math.floor(late.length / 2)]).toBeLessThanOrEqual(150)
    const silent = soundOf(wire.sent.slice(mutedAt + 20)).every((byte) => byte === 0xff)
    expect(silent).toBe(true)
  },
  40_000
)

browserTest(
  'why there is no call is said in a sentence',
  async () => {
    const { house } = await startConsole('SQLite', { env: { MAX_CALLS: '1' } })
    const page = await open({ provokes: /40[19] / })
    await openConsole(page, house, TOKEN)
    await look(page, 'idle')
    const { phone } = await house.connect()
    await call(page)
    await isSaid(page, 'The line is busy: all lines are taken (MAX_CALLS is 1).')
    await look(page, 'refused')
    phone.hangUp()
    await house.records.next()
    await refuseMicrophone(page, 'NotAllowedError')
    await call(page)
    await isSaid(page, 'The browser was not allowed to use the microphone.')
    await press(page, 'Call without a microphone')
    await answered(house)
    await isSaid(page, 'On the line.')
    expect(await page.getByRole('button', { name: 'Mute' }).count()).toBe(0)
    await press(page, 'Hang up')
    await refuseMicrophone(page, 'NotFoundError')
    await call(page)
    await isSaid(page, 'no microphone')
    await page.context().clearCookies()
    await press(page, 'Call without a microphone')
    await isSaid(page, 'You are signed out.')
    expect(await page.getByRole('link', { name: 'Sign in' }).getAttribute('href')).toBe('/console/login?to=%2Fconsole')
  },
  30_000
)

browserTest(
  'a caller who is put through sees to whom, and goes on with the agent when nobody picks up',
  async () => {
    const reason = 'Sam asks about a bill.'
    const model = obliging(({ kind, instructions }) => {
      if (kind === 'speech') return [calls('put_through', { person: 'billing', reason })]
      return [says(instructions.includes('The guest is back') ? 'Nobody is there.' : 'Hello.')]
    })
    const env = { TRANSFER_TARGETS: 'billing=+15551230001' }
    const { house } = await startConsole('SQLite', { env, model: { ...model, vad: true } })
    const page = await open()
    await openConsole(page, house, TOKEN)
    await call(page)
    await answered(house)
    await isSaid(
      page,
      `The agent puts you through to billing (+15551230001). Nobody is dialled from this page. They would be told: “${reason}”`
    )
    await look(page, 'transferring')
    await press(page, 'No answer')
    const back = await answered(house)
    expect(back.context.returnedFrom).toBe('billing: no-answer')
    await isSaid(page, 'On the line.')
    back.end('agent_hung_up')
    await isSaid(page, 'Call over. The agent hung up.')
  },
  30_000
)

browserTest(
  'in practice the caller speaks by clicking sentences, and the model understands them',
  async () => {
    const speech = await SpeechDoor.open((words) => house.model.hearMoreWords(words))
    onTestFinished(() => speech.close())
    const practice = { url: speech.url, accountSid: PRACTICE_ACCOUNT, sentences: [QUESTION, 'Goodbye.'] }
    const { house } = await startConsole('SQLite', { overrides: { practice } })
    const page = await open()
    await openConsole(page, house, TOKEN)
    await page.getByText('A practice model answers').waitFor()
    await refuseMicrophone(page, 'NotFoundError')
    await call(page)
    await press(page, 'Call without a microphone')
    const answer = await answered(house)
    await press(page, QUESTION)
    const heard = (words: string) =>
      eventually(
        () => answer.transcript.turns.flatMap(({ who, text }) => (who === 'caller' ? [text] : [])),
        (said) => said.includes(words),
        8_000
      )
    await heard(QUESTION)
    await look(page, 'practice')
    await page.getByLabel('A sentence of your own').fill('What is on the menu?')
    await page.keyboard.press('Enter')
    await heard('What is on the menu?')
    for (const sound of ['“Mhm”', 'Cough', 'Room with people']) await press(page, sound)
    await press(page, 'Hang up')
    expect(await house.records.next()).toMatchObject({ isPractice: true, from: 'client:console' })
  },
  30_000
)

/** The browser's own answer to a person who says no, or has none. */
async function refuseMicrophone(page: Page, name: string): Promise<void> {
  await page.evaluate(`navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', '${name}') }`)
}
