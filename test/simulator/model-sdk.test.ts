import {
  RealtimeAgent,
  type RealtimeItem,
  RealtimeSession,
  type RealtimeSessionConfig,
  tool
} from '@openai/agents/realtime'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { Inbox } from '../../simulator/inbox.ts'
import { PracticeModel, type PracticeModelOptions } from '../../simulator/model/practice-model.ts'
import { silence } from '../../simulator/sound/mulaw.ts'
import { speak } from '../../simulator/sound/speech.ts'

const pcmu = { type: 'audio/pcmu' } as const
const phone: Partial<RealtimeSessionConfig> = {
  audio: { input: { format: pcmu, transcription: { model: 'gpt-transcribe' } }, output: { format: pcmu } }
}

const hours = tool({
  name: 'opening_hours',
  description: 'When the practice is open.',
  parameters: z.object({ day: z.string() }),
  execute: async ({ day }) => `We are open from eight to five, ${day} too.`
})
const slots = tool({
  name: 'find_slots',
  description: 'Finds free times for an appointment.',
  parameters: z.object({
    from: z.string().describe('The first day, as YYYY-MM-DD.'),
    part: z.enum(['morning', 'any'])
  }),
  execute: async ({ from }) => `Free: Tuesday (${from}) at 10:00. Offer it.`
})
const book = tool({
  name: 'book_slot',
  description: 'Books a time that find_slots has found.',
  parameters: z.object({ date: z.string(), time: z.string(), name: z.string() }),
  execute: async ({ time, name }) => `Booked for ${name} at ${time}.`
})
const agents = () => {
  const appointments = new RealtimeAgent({ name: 'Appointments', instructions: 'You book.', tools: [slots, book] })
  return new RealtimeAgent({
    name: 'Triage Agent',
    instructions: 'You answer the phone at Acme Tools.',
    tools: [hours],
    handoffs: [appointments]
  })
}

interface Heard {
  readonly what: string
  readonly text: string
}

/** The real SDK on the model's wire, and what it made of it. */
async function connected(options: PracticeModelOptions = {}, config = phone) {
  const model = await PracticeModel.listen(options)
  onTestFinished(() => model.close())
  const session = new RealtimeSession(agents(), { transport: 'websocket', config, tracingDisabled: true })
  onTestFinished(() => session.close())
  const heard = new Inbox<Heard>('the session')
  session.on('agent_end', (_, agent, text) => heard.push({ what: agent.name, text }))
  session.on('agent_tool_end', (_, __, { name }, result) => heard.push({ what: name, text: String(result) }))
  session.on('audio_interrupted', () => heard.push({ what: 'interrupted', text: '' }))
  session.on('error', ({ error }) => heard.push({ what: 'error', text: JSON.stringify(error) }))
  await session.connect({ apiKey: 'sk-test', url: `${model.url}?model=gpt-realtime-2.1` })
  const practice = await model.nextSession()
  return { model, session, practice, heard }
}

/** A spoken item as the text that may be put back into a conversation. */
function retold(item: RealtimeItem): RealtimeItem[] {
  if (item.type !== 'message' || item.role === 'system') return []
  const text = item.content.map((part) => ('transcript' in part ? part.transcript : '')).join(' ')
  return item.role === 'user'
    ? [{ ...item, content: [{ type: 'input_text', text }] }]
    : [{ ...item, content: [{ type: 'output_text', text }] }]
}

const says = (agent: string, words: RegExp) => (heard: Heard) => heard.what === agent && words.test(heard.text)

test('a whole conversation: greeting, a tool, a handoff, a booking', async () => {
  const { model, session, practice, heard } = await connected({ pace: Number.POSITIVE_INFINITY })
  await practice.receives('session.update', ({ session }) => session.audio !== undefined)
  session.transport.requestResponse?.({ instructions: 'Greet the caller.' })
  await heard.next(says('Triage Agent', /this is Acme Tools/))

  practice.hearSpeech()
  practice.hearSilence('What are your opening hours on Friday?')
  await heard.next(says('opening_hours', /Friday/))
  await heard.next(says('Triage Agent', /eight to five/))

  practice.hearSpeech()
  practice.hearSilence('I need an appointment on 2026-12-01.')
  await heard.next(says('Appointments', /Free: Tuesday at 10:00. Which one/))

  practice.hearSpeech()
  practice.hearSilence('Yes, that is fine.')
  await heard.next(says('Appointments', /your name/))
  practice.hearSpeech()
  practice.hearSilence('Sam Taylor.')
  await heard.next(says('book_slot', /Sam Taylor at 10:00/))
  await heard.next(says('Appointments', /Booked for Sam Taylor/))

  // The SDK puts an item where the model says that it belongs.
  const messages = practice.conversation.items.filter(({ type }) => type === 'message').map(({ id }) => id)
  const history = session.history.filter(({ type }) => type === 'message').map(({ itemId }) => itemId)
  expect(history).toEqual(messages)
  const texts = session.history.flatMap((item) =>
    item.type === 'message' ? item.content.map((part) => ({ ...part })) : []
  )
  expect(texts).toContainEqual(
    expect.objectContaining({ type: 'input_audio', transcript: 'I need an appointment on 2026-12-01.' })
  )
  expect(texts).toContainEqual(
    expect.objectContaining({ transcript: expect.stringContaining('Which one would you like?') })
  )
  expect(session.usage.inputTokens).toBeGreaterThan(0)
  expect(practice.errors).toEqual([])
  expect(model.failures).toEqual([])
})

test('speech over the agent interrupts it at both ends', async () => {
  const { session, practice, heard } = await connected({ pace: 1 })
  const audio = new Inbox<number>('audio')
  session.on('audio', ({ data }) => audio.push(data.byteLength))
  const story = practice.say({ ms: 30_000, transcript: 'On and on.' })
  await audio.next()
  const caller = await speak('Stop, please.')
  session.sendAudio(new Uint8Array(caller).buffer)
  await heard.next(({ what }) => what === 'interrupted')
  expect(await story).toMatchObject({ status: 'cancelled' })
  await practice.receives('conversation.item.truncate')
  await practice.sent.next(({ type }) => type === 'conversation.item.truncated')
  session.sendAudio(new Uint8Array(silence(1_000)).buffer)
  await heard.next(says('Triage Agent', /How can I help with that/))
  expect(heard.all.filter(({ what }) => what === 'error')).toEqual([])
})

test('a lost conversation is told again on a new socket', async () => {
  const { model, session, practice, heard } = await connected({ pace: Number.POSITIVE_INFINITY })
  await practice.say('Hello, this is the front desk.')
  await heard.next(says('Triage Agent', /front desk/))
  practice.hearSpeech()
  practice.hearSilence('Hello there.')
  await heard.next(says('Triage Agent', /How can I help/))
  const lost = new Promise((resolve) => session.transport.once('connection_change', resolve))
  const before = structuredClone(session.history)
  practice.drop()
  await lost
  await session.connect({ apiKey: 'sk-test' })
  const again = await model.nextSession()
  session.updateHistory(before.flatMap(retold))
  for (const _ of before) await again.sent.next(({ type }) => type === 'conversation.item.done')
  expect(again.conversation.items.map(({ id }) => id)).toEqual(before.map(({ itemId }) => itemId))
  expect(again.errors).toEqual([])
})

test('a session that forgot the phone’s format is found out', async () => {
  const { model, practice, session } = await connected({}, {})
  await practice.receives('session.update', ({ session }) => session.audio !== undefined)
  session.transport.requestResponse?.()
  await practice.sent.next(({ type }) => type === 'error')
  expect(model.failures).toEqual([expect.stringContaining('audio.output.format is audio/pcm, not audio/pcmu')])
})
