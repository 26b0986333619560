import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as cues from '../../src/agent/cues.ts'
import type { Heard } from '../../src/call/playback.ts'
import { Transcript, upToShare } from '../../src/call/transcript.ts'

describe('the share of a text', () => {
  const text = 'We open at eight in the morning.'
  test.each([
    [0, ''],
    [0.01, ''],
    [0.1, 'We'],
    [0.25, 'We open'],
    [0.5, 'We open at eight'],
    [0.99, 'We open at eight in the'],
    [1, text],
    [1.2, text]
  ])('%s of it ends at a whole word', (share, expected) => {
    expect(upToShare(text, share)).toBe(expected)
  })

  test('of one long word is nothing until it is whole', () => {
    expect(upToShare('Antidisestablishmentarianism', 0.9)).toBe('')
    expect(upToShare('', 0.5)).toBe('')
  })

  test('is always a beginning, never longer for a smaller share, and never cuts a word', () => {
    const words = fc.array(fc.stringMatching(/^[a-z]{1,9}$/), { minLength: 1 }).map((list) => list.join(' '))
    const share = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(words, share, share, (whole, one, other) => {
        const [less, more] = one < other ? [one, other] : [other, one]
        const beginning = upToShare(whole, more)
        expect(`${whole} `.startsWith(beginning === '' ? '' : `${beginning} `)).toBe(true)
        expect(upToShare(whole, less).length).toBeLessThanOrEqual(beginning.length)
      })
    )
  })
})

describe('a transcript', () => {
  function withHeard(heard: Partial<Heard>[]) {
    const items = new Map(
      heard.map((item, at) => [`agent${at}`, { sentMs: 1_000, playedMs: 1_000, cut: false, ...item }])
    )
    return new Transcript((id) => items.get(id) as Heard | undefined)
  }

  test('has both sides in the order in which they spoke, also when the words come late', () => {
    const transcript = withHeard([{}])
    transcript.callerTurn('caller0')
    transcript.agentWords('agent0', 'We open ')
    transcript.agentWords('agent0', 'at eight.')
    transcript.callerWords('caller0', ' When do you open? ')
    expect(transcript.turns).toEqual([
      { id: 'caller0', who: 'caller', text: 'When do you open?', cut: false },
      { id: 'agent0', who: 'agent', text: 'We open at eight.', cut: false }
    ])
  })

  test('of an answer that was cut keeps what was heard', () => {
    const transcript = withHeard([{ playedMs: 500, cut: true }])
    transcript.agentWords('agent0', 'We open at eight in the morning.')
    expect(transcript.turns).toEqual([{ id: 'agent0', who: 'agent', text: 'We open at eight', cut: true }])
  })

  test.each([
    ['never sent', []],
    ['cut before a word was heard', [{ playedMs: 20, cut: true }]]
  ])('knows nothing of an answer that was %s', (_what, heard) => {
    const transcript = withHeard(heard)
    transcript.agentWords('agent0', 'We open at eight.')
    expect(transcript.turns).toEqual([])
  })

  test('counts a turn whose words are not known', () => {
    const transcript = withHeard([])
    transcript.callerTurn('caller0')
    expect(transcript.turns).toEqual([{ id: 'caller0', who: 'caller', text: undefined, cut: false }])
  })

  test('remembers for a new model what was said, what was cut and what it was told', () => {
    const transcript = withHeard([{ playedMs: 500, cut: true }])
    transcript.callerTurn('caller0')
    transcript.note('The slot was booked.')
    transcript.agentWords('agent0', 'We open at eight in the morning.')
    expect(transcript.memory).toEqual([
      { id: 'caller0', who: 'caller', text: cues.unknownWords },
      { id: 'note_1', who: 'note', text: 'The slot was booked.' },
      { id: 'agent0', who: 'agent', text: 'We open at eight […]' }
    ])
    expect(transcript.turns.map(({ id }) => id)).toEqual(['caller0', 'agent0'])
  })
})
