import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { axeViolations, browserTest, screenshot, useBrowser } from '../browser.ts'
import { hears, obliging, says } from '../call/manners/scene.ts'
import { distinctSound, isSaid, receivesAudio } from '../house.ts'
import { aCall, anEvent, anItem, aTurn } from '../records/rows.ts'
import { startConsole } from './console.ts'
import { isAt, keepStaircase, STEPS, stepOf, visit } from './pages.ts'

const open = useBrowser()

/** axe-core looks at six pages with long texts. */
const SLOW_MS = 40_000

/** What people who mean harm say, are called and key in. */
const HOSTILE = [
  '<img src=x onerror="document.title=\'broken\'">',
  "\"><script>document.title='broken'</script>",
  '\u202Egnp.exe\u202C',
  `${'long'.repeat(2_500)}`,
  '{{document.title=1}}'
] as const
const [IMG, SCRIPT, TURNED, LONG, TEMPLATE] = HOSTILE

/** A store with one call in which everything is hostile, and one item of the agent's. */
async function startHostile() {
  const { house, store } = await startConsole()
  const startedAt = Date.now() - 60_000
  await store.db
    .insertInto('calls')
    .values(
      aCall('CA1', {
        ...{ from: IMG, agent: LONG, version: SCRIPT, node: TURNED, startedAt, recording: 'kept' },
        parameters: JSON.stringify({ [SCRIPT]: IMG }),
        consent: JSON.stringify({ mode: 'announce', noticeHeardAt: null, answer: null })
      })
    )
    .execute()
  await keepStaircase(store, 'CA1', 20)
  await store.db
    .insertInto('turns')
    .values([
      aTurn('CA1', { id: 'a', text: IMG }),
      aTurn('CA1', { id: 'b', text: LONG, startMs: 2_000, endMs: 3_000 }),
      aTurn('CA1', {
        ...{ id: 'c', who: 'agent', agent: SCRIPT, text: SCRIPT, generatedText: SCRIPT + TURNED + IMG, cut: 1 },
        ...{ startMs: 4_000, endMs: 5_000, sentMs: 3_000, heardMs: 1_000, tool: 1, toolMs: 300 },
        ...{ voiceEnd: 3_000, vadStop: 3_400, committed: 3_410, answerStarted: 3_420, firstToken: 3_800 },
        ...{ firstAudio: 3_900, sent: 3_901, heard: 4_000 }
      }),
      aTurn('CA1', { id: 'd', text: null, textState: 'never', startMs: 6_000, endMs: 7_000 })
    ])
    .execute()
  const event = (seq: number, type: string, data: object) =>
    anEvent('CA1', { seq, type, atMs: 3_000 + seq, data: JSON.stringify(data) })
  await store.db
    .insertInto('events')
    .values([
      event(1, 'tool_started', { run: 1, name: IMG, arguments: SCRIPT }),
      event(2, 'tool_finished', { run: 1, name: IMG, ms: 1, result: IMG }),
      event(3, 'handoff', { from: TEMPLATE, to: IMG }),
      event(4, 'notice', { what: SCRIPT, fields: {} }),
      event(5, 'key', {})
    ])
    .execute()
  await store.db
    .insertInto('agentItems')
    .values([
      anItem(IMG, { caller: SCRIPT, callId: 'CA1', data: JSON.stringify({ text: IMG, [IMG]: LONG }) }),
      anItem('Sam', { kind: 'appointment', data: JSON.stringify({ date: '2026-11-25', name: TURNED }) })
    ])
    .execute()
  return { house, store }
}

const PATHS = ['', '/calls', '/calls/CA1', '/messages', '/numbers', '/health'].map((path) => `/console${path}`)

browserTest(
  'no page has a fault for a screen reader, and hostile words stay words, in light',
  async () => {
    const { house } = await startHostile()
    await expectNoFaults(await open({ colorScheme: 'light' }), (page, path) => visit(page, house, path), 'light')
  },
  SLOW_MS
)

browserTest(
  'nor in the dark, on a telephone',
  async () => {
    const { house } = await startHostile()
    const page = await open({ colorScheme: 'dark', viewport: { width: 390, height: 800 } })
    await expectNoFaults(page, (_page, path) => visit(page, house, path), 'dark')
  },
  SLOW_MS
)

async function expectNoFaults(page: Page, go: (page: Page, path: string) => Promise<void>, name: string) {
  for (const path of PATHS) {
    await go(page, path)
    await page.locator('main table, main .card').first().waitFor()
    for (const details of await page.locator('details').all()) await details.locator('summary').click()
    expect([path, await axeViolations(page)]).toEqual([path, []])
    expect(await page.locator('main img, main script').count()).toBe(0)
    expect(await page.title()).not.toContain('broken')
    const [width, most] = (await page.evaluate('[document.documentElement.scrollWidth, innerWidth]')) as number[]
    expect([path, width]).toEqual([path, most])
    await screenshot(page, `hostile-${name}${path.replaceAll('/', '-')}`)
  }
}

browserTest('an empty store says what to do next', async () => {
  const { house } = await startConsole()
  const page = await open()
  for (const path of ['/console', '/console/calls', '/console/numbers']) {
    await visit(page, house, path)
    await page.getByText('Point a number at this server.').waitFor()
    expect([path, await axeViolations(page)]).toEqual([path, []])
  }
  await visit(page, house, '/console/messages')
  await page.getByText('has taken nothing down yet').waitFor()
})

browserTest('a click plays the call from there, within 20 ms', async () => {
  const { house } = await startHostile()
  const page = await open({ viewport: { width: 1_200, height: 900 } })
  await visit(page, house, '/console/calls/CA1')
  await page.locator('audio').waitFor({ state: 'attached' })
  await page.evaluate(HEAR)
  const places = [
    [page.locator('.transcript').getByRole('button', { name: '0:04.0' }), 4_000],
    [page.locator('.stations').getByRole('button', { name: '0:03.0' }), 3_000],
    [page.locator('.wave.caller button').nth(2), 6_000]
  ] as const
  for (const [button, ms] of places) {
    // What was on its way when the player stopped is over.
    await page.evaluate('window.heard = []; window.isQuiet = false')
    await expect.poll(() => page.evaluate('window.isQuiet'), { timeout: 5_000 }).toBe(true)
    await button.click()
    await expect.poll(() => page.evaluate('window.heard.length'), { timeout: 5_000 }).toBeGreaterThan(4_000)
    const levels = (await page.evaluate('window.heard')) as number[]
    // All three places are whole seconds, which begin with the first step. The sound of 10 ms later is looked at.
    const step = stepOf(levels[440] ?? 0)
    expect([ms, Math.min(step, STEPS - step)]).toEqual([ms, expect.toBeOneOf([0, 1])])
    const at = Number(await page.evaluate('document.querySelector("audio").currentTime * 1000'))
    expect(at).toBeGreaterThanOrEqual(ms)
    expect(at).toBeLessThan(ms + 1_000)
    await page.getByRole('button', { name: 'Pause' }).click()
  }
})

/** Takes down what the page's player sounds like, on the agent's side. */
const HEAR = `{
  const context = new AudioContext()
  const source = context.createMediaElementSource(document.querySelector('audio'))
  const tap = context.createScriptProcessor(256, 2, 2)
  window.heard = []
  tap.onaudioprocess = ({ inputBuffer }) => {
    const lane = inputBuffer.getChannelData(1)
    const isSilent = lane.every((sample) => sample === 0)
    window.isQuiet ||= isSilent
    if (window.isQuiet && !isSilent) window.heard.push(...lane)
  }
  source.connect(tap).connect(context.destination)
}`

browserTest(
  'what was heard and what was not stands on the page as in the record, and the time where it went',
  async () => {
    const long = 'We are open from nine to five on weekdays, and from ten to two on Saturdays, but never on a Sunday.'
    const model = obliging(() => [says(long, 4_000)])
    const { house, store } = await startConsole('SQLite', { env: { RECORDING: 'announce' }, model })
    const { phone, call, session } = await house.connect()
    const say = async (words: string) => {
      const receivedMs = session.audioMs
      const spoken = phone.play(distinctSound(400))
      await receivesAudio(session, receivedMs + 200)
      session.hearSpeech()
      await spoken
      session.hearSilence(words)
    }
    await say('When are you open?')
    await hears(phone, 1_500)
    await say('Thank you, goodbye.')
    await isSaid(call, 'Thank you, goodbye.')
    phone.hangUp()
    await house.records.next()
    const row = () =>
      store.db
        .selectFrom('turns')
        .selectAll()
        .where('callId', '=', phone.callSid)
        .where('heardMs', '>', 0)
        .executeTakeFirst()
    await expect.poll(async () => (await row())?.textState, { timeout: 5_000 }).toBe('final')
    const turn = await row()

    const page = await open({ viewport: { width: 1_200, height: 900 } })
    await visit(page, house, `/console/calls/${phone.callSid}`)
    const line = page.locator('.transcript li', { has: page.locator('del') })
    const unheard = (await line.first().locator('del').textContent())?.replace('not heard: ', '')
    expect(`${turn?.text}${unheard}`).toBe(long)
    expect(turn?.text?.length).toBeGreaterThan(3)
    await page.locator('.transcript').getByText('When are you open?').waitFor()
    await page.locator('.transcript').getByText('the caller cut in').waitFor()

    // The hatched part is as long as what was cut off, on the axis of everything else.
    const px = Number(await page.evaluate(`document.querySelector('.axis').style.getPropertyValue('--px')`))
    const box = async (selector: string) => (await page.locator(selector).first().boundingBox()) ?? { x: 0, width: 0 }
    const [heard, cut] = [await box('.wave.agent button.block'), await box('.wave.agent .unheard')]
    const close = (ms: number) => (px * ms) / 1000
    expect(heard.width).toBeCloseTo(close(turn?.heardMs ?? 0), 0)
    expect(cut.width).toBeCloseTo(close((turn?.sentMs ?? 0) - (turn?.heardMs ?? 0)), 0)
    expect(cut.x).toBeCloseTo(heard.x + heard.width, 0)
    // A pixel above the middle of the lane, where there is no line unless something sounds.
    const painted = await page.evaluate(`{
    const canvas = document.querySelector('.wave.agent canvas')
    const row = canvas.getContext('2d').getImageData(0, canvas.height / 2 - 10, canvas.width, 1).data
    row.filter((value, at) => at % 4 === 3 && value > 0).length
  }`)
    expect(Number(painted)).toBeGreaterThan(close(turn?.heardMs ?? 0) / 2)

    // What stands in a scene of it.
    await page.getByRole('button', { name: 'Make a scene of this' }).click()
    const yaml = await page.getByLabel('The scene').inputValue()
    expect(yaml).toContain('turns:\n  - say: "When are you open?"\n  - say: "Thank you, goodbye."\n    bargeInMs: ')
    expect(Number(/bargeInMs: (\d+)/.exec(yaml)?.[1])).toBeGreaterThan(1_000)
    expect(await axeViolations(page)).toEqual([])
    await page.keyboard.press('Escape')
    await screenshot(page, 'heard')
  }
)

browserTest('filters stand in the address, and the address in the filters', async () => {
  const { house, store } = await startConsole()
  const at = Date.now()
  const rows = [
    aCall('CA1', { startedAt: at - 3_000 }),
    aCall('CA2', { startedAt: at - 2_000, fault: 'openai', endReason: 'model_closed', from: '+15551230002' }),
    aCall('CA3', { startedAt: at - 1_000, fault: 'openai', endReason: 'model_mute', responseMaxMs: 3_000 })
  ]
  await store.db.insertInto('calls').values(rows).execute()
  await store.db
    .insertInto('turns')
    .values(aTurn('CA2', { text: 'A zebra crossing.' }))
    .execute()
  const page = await open()
  const shown = () =>
    page.locator('.calls tbody tr a').evaluateAll((links: { pathname: string }[]) => links.map((link) => link.pathname))
  const isShown = (...ids: string[]) =>
    expect.poll(shown, { timeout: 5_000 }).toEqual(ids.map((id) => `/console/calls/${id}`))

  await visit(page, house, '/console/calls?fault=openai&minResponseMs=2000')
  await isShown('CA3')
  expect(await page.getByLabel('Fault').inputValue()).toBe('openai')
  expect(await page.getByLabel('Slower than, ms').inputValue()).toBe('2000')
  const csv = await page.getByRole('link', { name: 'All of these as CSV' }).getAttribute('href')
  expect(csv).toBe('/api/calls.csv?fault=openai&minResponseMs=2000')

  await page.getByLabel('Slower than, ms').fill('')
  await page.keyboard.press('Enter')
  await isAt(page, '/console/calls?fault=openai')
  await isShown('CA3', 'CA2')
  await page.getByLabel('Words').fill('zebra')
  await page.getByRole('button', { name: 'Find' }).click()
  await isAt(page, '/console/calls?q=zebra&fault=openai')
  await isShown('CA2')
  await page.goBack()
  await isShown('CA3', 'CA2')
  await page.getByRole('link', { name: 'Clear' }).click()
  await isShown('CA3', 'CA2', 'CA1')

  const strict = await open({ provokes: /400/ })
  await visit(strict, house, '/console/calls?number=12')
  expect(await strict.getByRole('alert').innerText()).toContain('+15551230001')
})

browserTest('a call is found, opened, played, made a scene of and erased with the keyboard alone', async () => {
  const { house, store } = await startHostile()
  const page = await open({ permissions: ['clipboard-write', 'clipboard-read'] })
  await visit(page, house, '/console/calls')
  const press = async (key: string, until: () => Promise<boolean>) => {
    for (let times = 0; times < 60 && !(await until()); times += 1) await page.keyboard.press(key)
    expect(await until()).toBe(true)
  }
  const isFocused = (name: string) => () =>
    page.evaluate(`document.activeElement?.matches('${name}') ?? false`) as Promise<boolean>
  await page.locator('.calls').waitFor()
  await press('Tab', isFocused('.calls a'))
  await page.keyboard.press('Enter')
  await isAt(page, '/console/calls/CA1')
  await page.locator('.play').waitFor()
  await press('Tab', isFocused('.play'))
  await page.keyboard.press('Space')
  await page.getByRole('button', { name: 'Pause' }).waitFor()
  await page.keyboard.press('Tab')
  await page.keyboard.press('End')
  await expect.poll(() => page.getByLabel('Place in the call').getAttribute('aria-valuetext')).toContain('1:00')

  await press('Shift+Tab', isFocused('button.danger'))
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').waitFor()
  expect(await page.evaluate('document.activeElement.textContent')).toBe('Keep')
  await page.keyboard.press('Escape')
  expect(await store.db.selectFrom('calls').select('id').execute()).toHaveLength(1)
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await press('Tab', isFocused('button.danger'))
  await page.keyboard.press('Enter')
  await press('Shift+Tab', isFocused('dialog button.danger'))
  await page.keyboard.press('Enter')
  await isAt(page, '/console/calls')
  await page.getByText('No call yet').waitFor()
  for (const table of ['calls', 'turns', 'events'] as const) {
    expect(await store.db.selectFrom(table).selectAll().execute()).toEqual([])
  }
})

browserTest('a message is read, done and deleted', async () => {
  const { house, store } = await startConsole()
  await store.db
    .insertInto('agentItems')
    .values([anItem('Call me back.', { caller: '+15551230001' }), anItem('It is fine.', { at: 2_000 })])
    .execute()
  const page = await open()
  await visit(page, house, '/console/messages')
  const message = page.locator('.items li', { hasText: 'Call me back.' })
  await message.getByRole('checkbox').check()
  const isDone = async () =>
    (await store.db.selectFrom('agentItems').select(['data', 'doneAt']).execute()).map(({ data, doneAt }) => [
      JSON.parse(data).text,
      doneAt !== null
    ])
  await expect.poll(isDone, { timeout: 5_000 }).toContainEqual(['Call me back.', true])
  await page.reload()
  expect(await message.getByRole('checkbox').isChecked()).toBe(true)
  await message.getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await message.waitFor({ state: 'detached' })
  expect(await isDone()).toEqual([['It is fine.', false]])
})
