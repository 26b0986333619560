import { describe, expect, test } from 'vitest'
import { type CallEvent, kept } from '../../src/call/events.ts'
import { type Entry, Journal } from '../../src/call/journal.ts'
import { journalOf, losses, startHouse } from '../house.ts'
import { hears, obliging, quiet, speak } from './manners/scene.ts'

/** A journal, and what was thrown in it. */
function journal() {
  const faults: string[] = []
  const note = (by: string) => (error: unknown) => void faults.push(`${by}: ${(error as Error).message}`)
  return { faults, ...{ journal: new Journal({ ofListener: note('listener'), ofReader: note('reader') }) } }
}

const speaking: CallEvent = { type: 'caller_speaking', turn: 'item_1', voicedMs: 0 }

describe('the order in which an event is heard', () => {
  test('is the order in which the listeners were added, and readers come last', () => {
    const heard: string[] = []
    const { journal: calls } = journal()
    calls.follow(() => heard.push('reader'))
    for (const name of ['first', 'second', 'third']) calls.on('caller_speaking', () => heard.push(name))
    calls.emit(speaking)
    expect(heard).toEqual(['first', 'second', 'third', 'reader'])
  })

  test('an event that a listener emits is heard before the next listener of the first one, and read after it', () => {
    const heard: string[] = []
    const read: Entry[] = []
    const { journal: calls } = journal()
    calls.follow((entry) => read.push(entry))
    calls.on('caller_speaking', () => calls.emit({ type: 'busy' }))
    calls.on('caller_speaking', () => heard.push('speaking'))
    calls.on('busy', () => heard.push('busy'))
    calls.emit(speaking)
    expect(heard).toEqual(['busy', 'speaking'])
    expect(read.map(({ seq, event }) => [seq, event.type])).toEqual([
      [1, 'caller_speaking'],
      [2, 'busy']
    ])
  })

  test('of a call is: the transcript and the activity know of it when a behaviour is told', async () => {
    const house = await startHouse({ model: obliging() })
    const { phone, call, session } = await house.connect()
    const known: unknown[] = []
    call.journal.on('caller_silent', () => known.push(call.activity.isCallerSpeaking))
    call.journal.on('caller_words', ({ text }) => known.push(call.transcript.turns.at(-1)?.text === text))
    call.journal.on('answer_started', () => known.push(call.activity.isResponding))
    speak(session, 'When are you open?')
    await hears(phone, 190)
    await quiet(call)
    expect(known.toSorted()).toEqual([false, true, true])
  })
})

describe('a listener', () => {
  test('that throws or rejects keeps nobody else from hearing, and is told of', async () => {
    const heard: string[] = []
    const { journal: calls, faults } = journal()
    calls.on('caller_speaking', () => {
      throw new Error('thrown')
    })
    calls.on('caller_speaking', async () => {
      throw new Error('rejected')
    })
    calls.on('caller_speaking', () => heard.push('other'))
    calls.follow(() => {
      throw new Error('misread')
    })
    calls.emit(speaking)
    await Promise.resolve()
    expect(heard).toEqual(['other'])
    expect(faults.toSorted()).toEqual(['listener: rejected', 'listener: thrown', 'reader: misread'])
  })

  test('may take itself and others off while it is told', () => {
    const heard: string[] = []
    const { journal: calls } = journal()
    const off = calls.on('caller_speaking', () => heard.push('always'))
    calls.once('caller_speaking', () => {
      heard.push('once')
      off()
    })
    calls.emit(speaking)
    calls.emit(speaking)
    expect(heard).toEqual(['always', 'once'])
  })
})

describe('of a call that is kept', () => {
  test('a key is kept without its digit, and deltas and digits never are', () => {
    const give = () => {}
    const never: CallEvent[] = [
      { type: 'agent_delta', turn: 'item_1', text: 'Hel' },
      { type: 'digits_asked', count: 4, timeoutMs: 1_000, give }
    ]
    expect(never.map(kept)).toEqual([undefined, undefined])
    expect(kept({ type: 'key', key: '7' })).toEqual({ type: 'key' })
  })

  test('what was said is kept in its turn and not once more in an event', () => {
    const said: CallEvent[] = [
      { type: 'caller_words', turn: 'item_1', text: 'Hello.' },
      { type: 'agent_words', turn: 'item_2', agent: 'Triage Agent', text: 'Good morning.' }
    ]
    expect(said.map(kept)).toEqual([undefined, undefined])
    const handoff: CallEvent = { type: 'handoff', from: 'Triage Agent', to: 'Billing' }
    expect(kept(handoff)).toBe(handoff)
  })

  test('when each side makes a sound is kept, for whoever looks at the call while it runs', () => {
    const sounds: CallEvent[] = [speaking, { type: 'agent_heard' }, { type: 'agent_silent', cleared: false }]
    expect(sounds.map(kept)).toEqual(sounds)
  })
})

describe('the journal of a call', () => {
  test('has its events in order, numbered without gaps, with times that never go back and count from the start', async () => {
    const house = await startHouse({ model: obliging(), env: { GREETING: 'Say hello.' } })
    const { phone, call, session } = await house.connect()
    await hears(phone, 390)
    await quiet(call)
    speak(session, 'Thank you.')
    await hears(phone, 590)
    await quiet(call)
    session.drop(1011)
    await house.model.nextSession()
    phone.hangUp()
    await call.ended
    const entries = journalOf(call)
    expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, index) => index + 1))
    expect(entries.every(({ atMs }, index) => atMs >= (entries[index - 1]?.atMs ?? 0) || index < 2)).toBe(true)
    const types = entries.map(({ event }) => event.type)
    const story = ['opened', 'accepted', 'live', 'agent_heard', 'heard', 'caller_turn', 'caller_words', 'agent_words']
    for (const type of [...story, 'usage', 'answer_finished', 'model_lost', 'ended']) expect(types).toContain(type)
    expect(types.indexOf('accepted')).toBeLessThan(types.indexOf('live'))
    const accepted = entries.find(({ event }) => event.type === 'accepted')
    expect(Math.abs(accepted?.atMs ?? 99)).toBeLessThan(10)
    expect(losses(call)).toBe(1)
  })

  test('has the words of a turn that come a second after the hang-up, and the record waits for them', async () => {
    const house = await startHouse({ model: { ...obliging(), transcriptionMs: 1_000 } })
    const { phone, call, session } = await house.connect()
    session.hearSpeech()
    session.hearSilence('One last thing.')
    await session.sent.next(({ type }) => type === 'input_audio_buffer.committed')
    await hears(phone, 100)
    const sent = session.received.all.length
    phone.hangUp()
    await call.ended
    const last = journalOf(call).at(-2)
    const words = journalOf(call).find(({ event }) => event.type === 'caller_words')
    const ended = journalOf(call).find(({ event }) => event.type === 'ended')
    expect(words?.event).toMatchObject({ text: 'One last thing.' })
    expect((words?.atMs ?? 0) - (ended?.atMs ?? 0)).toBeGreaterThan(400)
    expect(last).toBeDefined()
    // Nothing was sent to the model meanwhile, and it is closed now.
    await session.closed
    expect(session.received.all.length - sent).toBeLessThanOrEqual(0)
    expect(call.transcript.turns.map(({ text }) => text)).toContain('One last thing.')
  })

  test('waits two seconds and no longer for words that do not come, and not at all when none are owed', async () => {
    const house = await startHouse({ model: { ...obliging(), transcriptionMs: 60_000 } })
    const silent = await house.connect()
    const hungUpAt = performance.now()
    silent.phone.hangUp()
    await silent.call.ended
    expect(performance.now() - hungUpAt).toBeLessThan(500)
    const { phone, call, session } = await house.connect()
    session.hearSpeech()
    session.hearSilence('Never written down.')
    await session.sent.next(({ type }) => type === 'input_audio_buffer.committed')
    await hears(phone, 10)
    const before = performance.now()
    phone.hangUp()
    await call.ended
    expect(performance.now() - before).toBeGreaterThan(1_500)
    expect(performance.now() - before).toBeLessThan(3_500)
    await session.closed
  })
})
