import { RealtimeAgent, tool } from '@openai/agents/realtime'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { CallContext } from '../../../src/agent/context.ts'
import * as cues from '../../../src/agent/cues.ts'
import { trouble } from '../../agents/pizzeria/tools/trouble.ts'
import { eventually, isSaid, playedOut, startHouse } from '../../house.ts'
import { answers, calls, clears, hears, hearsOut, obliging, quiet, requests, says, speak, told } from './scene.ts'

/** An agent whose one tool takes as long as the test likes. */
function searching(options: { timeoutMs?: number } = {}) {
  const { promise, resolve: find, reject: fail } = Promise.withResolvers<string>()
  promise.catch(() => {})
  const search = tool({
    ...trouble,
    ...options,
    name: 'search',
    description: 'Takes long.',
    parameters: z.object({}),
    execute: () => promise
  })
  const agent = new RealtimeAgent<CallContext>({ name: 'Triage Agent', instructions: 'Search.', tools: [search] })
  return { agent, find, fail }
}

const model = obliging(({ kind, transcript, output }) => {
  if (kind === 'tool_output') return [says(`Found: ${output}`)]
  return transcript === 'Search.' ? [says('Let me look.', 400), calls('search')] : [says(`You said: ${transcript}`)]
})

const outputs = (all: readonly string[]) => all.filter((text) => !text.startsWith('['))

describe('a tool that takes long', () => {
  test('is announced before it runs, and the caller hears what it found', async () => {
    const { agent, find } = searching()
    const house = await startHouse({ model, overrides: { agentFor: () => agent } })
    const { phone, call, session } = await house.connect()
    speak(session, 'Search.')
    await hears(phone, 380)
    expect(call.activity.isToolRunning).toBe(true)
    find('it.')
    await hearsOut(house, 'Found: it.')
    expect(answers(house)).toEqual(['Let me look.', 'Found: it.'])
    expect(clears(phone)).toEqual([])
  })

  test.each([
    ['too long is given up: the caller is told so in a sentence', { timeoutMs: 300 }, 'This took too long'],
    ['and fails is a sentence too, and an error in the log', {}, 'This could not be done']
  ])('%s', async (_what, options: { timeoutMs?: number }, sentence) => {
    const { agent, fail } = searching(options)
    const house = await startHouse({ model, overrides: { agentFor: () => agent }, provokes: ['the log'] })
    const { phone, call, session } = await house.connect()
    speak(session, 'Search.')
    await hears(phone, 380)
    if (options.timeoutMs === undefined) fail(new Error('Sam Taylor is not in the table.'))
    await eventually(
      () => answers(house).at(-1),
      (last) => last?.startsWith(`Found: ${sentence}`) ?? false
    )
    expect(call.state.name).toBe('live')
    const line = await house.log.next(({ msg }) => msg === 'a tool failed')
    expect(line).toMatchObject({ tool: 'search', callSid: phone.callSid, level: 50 })
    expect(JSON.stringify(house.log.all)).not.toContain('Sam Taylor')
  })
})

describe('what a tool has thrown', () => {
  async function failing(error: unknown, env: Record<string, string> = {}) {
    const { agent, fail } = searching()
    const house = await startHouse({ env, model, overrides: { agentFor: () => agent }, provokes: ['the log'] })
    const { call, session } = await house.connect()
    speak(session, 'Search.')
    await eventually(
      () => call.activity.isToolRunning,
      (isRunning) => isRunning
    )
    fail(error)
    return house.log.next(({ msg }) => msg === 'a tool failed')
  }

  test('is in the log by name and place', async () => {
    const line = await failing(new TypeError('Sam Taylor is no date.'))
    expect(line).toMatchObject({ tool: 'search', error: 'TypeError', at: expect.stringMatching(/^at .+:\d+:\d+\)?$/) })
    expect(line).not.toHaveProperty('message')
    expect(line).not.toHaveProperty('err')
  })

  test('is there with its message when the tool says that it is safe', async () => {
    const line = await failing(Object.assign(new RangeError('The diary answered 503.'), { isSafe: true }))
    expect(line).toMatchObject({ error: 'RangeError', message: 'The diary answered 503.' })
    expect(line).not.toHaveProperty('err')
  })

  test('is there whole where the developer reads the log', async () => {
    const cause = new Error('The diary is closed.')
    const line = await failing(new TypeError('Sam Taylor is no date.', { cause }), { LOG_TOOL_ERRORS: 'true' })
    const { stack } = line['err'] as { stack: string }
    expect(stack).toMatch(/^TypeError: Sam Taylor is no date\.\n +at .*slow-tool\.test\.ts/)
    expect(stack).toContain('[cause]: Error: The diary is closed.')
  })
})

describe('a result that comes after the caller has changed the subject', () => {
  test('comes with the remark that they have, and they were answered in the meantime', async () => {
    const { agent, find } = searching()
    const house = await startHouse({ model, overrides: { agentFor: () => agent } })
    const { phone, call, session } = await house.connect()
    speak(session, 'Search.')
    await hears(phone, 380)
    await playedOut(call)
    speak(session, 'When are you open?')
    await isSaid(call, 'You said: When are you open?')
    find('it.')
    await eventually(
      () => outputs(told(session)).length,
      (count) => count === 1
    )
    expect(outputs(told(session))[0]).toContain(cues.onlyIfItMatters('Nothing').slice('Nothing'.length))
    await quiet(call)
    expect(clears(phone)).toEqual([])
  })

  test('is not blurted out in the middle of their sentence: their turn is answered with it', async () => {
    const { agent, find } = searching()
    const house = await startHouse({ model, overrides: { agentFor: () => agent } })
    const { phone, call, session } = await house.connect()
    speak(session, 'Search.')
    await hears(phone, 380)
    session.hearSpeech()
    await eventually(
      () => call.activity.isCallerSpeaking,
      (isSpeaking) => isSpeaking
    )
    find('it.')
    await session.receives('conversation.item.create')
    session.hearSilence('By the way.')
    await hearsOut(house, 'You said: By the way.')
    // The turn brought its own answer; the tool asked for none.
    expect(requests(session)).toEqual([])
    expect(answers(house).at(-1)).toBe('You said: By the way.')
  })

  test('is for nobody when the caller has hung up', async () => {
    const { agent, find } = searching()
    const house = await startHouse({ model, overrides: { agentFor: () => agent } })
    const { phone, call, session } = await house.connect()
    speak(session, 'Search.')
    await hears(phone, 380)
    phone.hangUp()
    await house.records.next()
    find('it.')
    await eventually(
      () => call.activity.isToolRunning,
      (isRunning) => !isRunning
    )
    expect(outputs(told(session))).toEqual([])
  })
})
