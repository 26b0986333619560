import { RealtimeAgent, RealtimeSession, tool } from '@openai/agents/realtime'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { WatchedSocket } from '../../simulator/chat/watched-socket.ts'
import { Inbox } from '../../simulator/inbox.ts'
import { PracticeModel } from '../../simulator/model/practice-model.ts'
import { chat } from './script-process.ts'
import { wrongArguments } from './wrong-arguments.ts'

const LIMIT_MS = 20_000

test(
  'a conversation in writing shows what is said, the tools and the handoffs, in order',
  async () => {
    const { code, out } = await chat([
      'When are you open on Friday?',
      'Can I turn a gift card into cash?',
      'Thanks, goodbye.'
    ])
    expect(out.slice(2)).toEqual([
      'agent   Hello.',
      'caller  When are you open on Friday?',
      'tool    opening_times {"day":"Friday"}',
      'tool    opening_times answers: On Friday the oven is hot from 17:00 to 22:30.',
      'agent   On Friday the oven is hot from 17:00 to 22:30. Is there anything else?',
      'caller  Can I turn a gift card into cash?',
      'agent   [hands off to Vouchers]',
      'agent   A gift card cannot be turned into cash.',
      'caller  Thanks, goodbye.',
      'agent   Thank you for calling. Goodbye!',
      'tool    hang_up {}',
      'agent   [hangs up]',
      'tool    hang_up answers: The line closes after the goodbye.'
    ])
    expect(code).toBe(0)
  },
  LIMIT_MS
)

test(
  'keys are typed on a line of their own, and the end of the lines is the end of the chat',
  async () => {
    const { code, out } = await chat(['What is my voucher worth?', '100234#'])
    expect(out).toContainEqual('agent   [waits for 6 keys, 20 s long: type them on a line of their own]')
    expect(out.at(-1)).toMatch(/^agent {3}The voucher is worth 20 euros/)
    expect(code).toBe(0)
  },
  LIMIT_MS
)

test(
  'with a key it is said what it costs before the first word, and --practice costs nothing',
  async () => {
    const model = await PracticeModel.listen({ apiKey: 'sk-real' })
    const env = { OPENAI_API_KEY: 'sk-real', OPENAI_REALTIME_URL: model.url }
    const real = await chat(['Hello.'], { env })
    expect(real.out[0]).toMatch(/^OPENAI_API_KEY is set: the real model answers, about \$0\.\d\d a line/)
    expect(real.out).toContain('agent   Hello.')
    expect(model.sessions).toHaveLength(1)
    const practice = await chat(['Hello.'], { env, args: ['--practice'] })
    expect(practice.out[0]).toBe('A practice model on this machine plays the agent.')
    expect(model.sessions).toHaveLength(1)
    await model.close()
    const { code, out } = await chat(['Hello.'], { env })
    expect(out.at(-1)).toMatch(/^The model at ws:\S+ could not be reached: /)
    expect(code).toBe(1)
  },
  LIMIT_MS
)

test(
  'a tool that fails is shown with its message and where it was thrown',
  async () => {
    const model = await PracticeModel.listen({ brain: wrongArguments })
    onTestFinished(() => model.close())
    const { out } = await chat(['Hello.'], { env: { OPENAI_API_KEY: 'sk-unused', OPENAI_REALTIME_URL: model.url } })
    const at = out.findIndex((line) => /^tool {4}.+ fails: InvalidToolInputError: Invalid JSON/.test(line))
    expect(out[at + 1]).toMatch(/^ +at .+:\d+:\d+\)?$/)
    expect(out).toContain('agent   Sorry.')
  },
  LIMIT_MS
)

test('a tool that takes its time is waited for', async () => {
  const model = await PracticeModel.listen({
    brain: ({ kind }) => [kind === 'tool_output' ? { say: 'Nothing.' } : { callTool: 'look', arguments: {} }]
  })
  onTestFinished(() => model.close())
  const socket = new WatchedSocket()
  const done = Promise.withResolvers<string>()
  const look = tool({ name: 'look', description: 'Looks.', parameters: z.object({}), execute: () => done.promise })
  const agent = new RealtimeAgent({ name: 'Host', instructions: '', tools: [look] })
  const pcmu = { format: { type: 'audio/pcmu' as const } }
  const config = { audio: { input: pcmu, output: pcmu }, outputModalities: ['text' as const] }
  const session = new RealtimeSession(agent, { transport: socket, config, tracingDisabled: true })
  onTestFinished(() => session.close())
  const events = new Inbox<{ type: string; settled: boolean }>('events')
  session.transport.on('*', (event) => {
    socket.hear(event)
    events.push({ type: event.type, settled: socket.isSettled })
  })
  await session.connect({ apiKey: 'sk-test', url: `${model.url}?model=gpt-realtime-2.1` })
  session.sendMessage('Look!')
  expect((await events.next(({ type }) => type === 'response.done')).settled).toBe(false)
  done.resolve('Nothing there.')
  expect((await events.next(({ type }) => type === 'response.done')).settled).toBe(true)
})

test('a flag that does not exist is an error in one sentence', async () => {
  const { code, out } = await chat([], { args: ['--shout'] })
  expect(out[0]).toContain("Unknown option '--shout'")
  expect(code).toBe(1)
}, 20_000)
