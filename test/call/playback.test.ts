import { describe, expect, test } from 'vitest'
import { type Answered, type Heard, Playback } from '../../src/call/playback.ts'

/** Whose a mark is, as it is named here: `a:100:g1:m1` and `done:a:g1:m3` are a's, `goodbye` is the house's. */
const itemOf = (mark: string) => /^(?:done:)?(\w+):/.exec(mark)?.[1]

/**
 * `media 800` and `mark a:100:g1:m1` go out, `back <mark>` comes in, `clear` goes out, `at <ms>` sets the clock, `end` is the
 * stream's. The media is that of the mark after it.
 */
function play(...steps: readonly string[]) {
  let now = 0
  const playback = new Playback(() => now)
  const marks: string[] = []
  const told: Heard[] = []
  const note = (answered: Answered) => {
    marks.push(...answered.marks)
    told.push(...answered.heard)
  }
  for (const [index, step] of steps.entries()) {
    const [what, value = ''] = step.split(' ')
    if (what === 'media') {
      const next = steps.slice(index).find((later) => later.startsWith('mark '))
      const item = next ? itemOf(next.slice(5)) : 'a'
      playback.sent(Number(value), item === undefined ? 'house' : { item })
    } else if (what === 'mark') playback.mark(value, itemOf(value), value.startsWith('done:'))
    else if (what === 'back') note(playback.markCameBack(value))
    else if (what === 'at') {
      now = Number(value)
      note(playback.answerDue())
    } else note(what === 'end' ? playback.ended() : playback.cleared())
  }
  return { playback, marks, told }
}

const playbackOf = (...steps: readonly string[]): Playback => play(...steps).playback

const sent = ['media 800', 'mark a:100:g1:m1', 'media 1600', 'mark a:300:g1:m2', 'mark done:a:g1:m3']

describe('what was heard of an answer', () => {
  const table: [string, readonly string[], object | undefined][] = [
    ['nothing was sent', [], undefined],
    ['sent and not yet played', sent, { sentMs: 300, playedMs: 0, cut: false }],
    ['played up to a mark', [...sent, 'back a:100:g1:m1'], { sentMs: 300, playedMs: 100, cut: false }],
    [
      'played to the end',
      [...sent, 'back a:100:g1:m1', 'back a:300:g1:m2'],
      { sentMs: 300, playedMs: 300, cut: false }
    ],
    [
      'a mark that comes back after a later one',
      [...sent, 'back a:300:g1:m2', 'back a:100:g1:m1'],
      { playedMs: 300, cut: false }
    ],
    ['the same mark twice', [...sent, 'back a:100:g1:m1', 'back a:100:g1:m1'], { playedMs: 100 }],
    ['cleared half-way', [...sent, 'back a:100:g1:m1', 'clear'], { sentMs: 300, playedMs: 100, cut: true }],
    ['cleared before anything was heard', [...sent, 'clear'], { playedMs: 0, cut: true }],
    [
      'marks that a clear sends back prove nothing',
      [...sent, 'back a:100:g1:m1', 'clear', 'back a:300:g1:m2', 'back done:a:g1:m3'],
      { playedMs: 100, cut: true }
    ],
    [
      'cleared when only the last mark was missing',
      [...sent, 'back a:100:g1:m1', 'back a:300:g1:m2', 'clear'],
      { playedMs: 300, cut: false }
    ]
  ]
  test.each(table)('%s', (_what, steps, expected) => {
    const heard = playbackOf(...steps).heard('a')
    if (expected) expect(heard).toMatchObject(expected)
    else expect(heard).toBeUndefined()
  })

  test('is kept for each answer by itself', () => {
    const playback = playbackOf(
      'media 800',
      'mark a:100:g1:m1',
      'media 400',
      'mark b:50:g1:m1',
      'back a:100:g1:m1',
      'clear'
    )
    expect(playback.heard('a')).toMatchObject({ playedMs: 100, cut: false })
    expect(playback.heard('b')).toMatchObject({ sentMs: 50, playedMs: 0, cut: true })
  })
})

describe('whether the caller hears something', () => {
  const table: [string, readonly string[], boolean, number][] = [
    ['nothing sent', [], false, 0],
    ['audio without its mark', ['media 800'], true, 100],
    ['audio and its mark', ['media 800', 'mark a:100:g1:m1'], true, 100],
    ['a mark came back, another waits', [...sent, 'back a:100:g1:m1'], true, 200],
    ['every mark came back', [...sent, 'back a:100:g1:m1', 'back a:300:g1:m2', 'back done:a:g1:m3'], false, 0],
    ['cleared', [...sent, 'clear'], false, 0],
    ['a mark of ours alone', ['mark goodbye'], true, 0],
    ['a mark of ours came back', ['mark goodbye', 'back goodbye'], false, 0]
  ]
  test.each(table)('%s', (_what, steps, isPlaying, aheadMs) => {
    expect(playbackOf(...steps)).toMatchObject({ isPlaying, aheadMs })
  })

  test('the last mark of an answer that was played to its end is not the agent speaking', () => {
    const late = play('media 800', 'mark a:100:g1:m1', 'back a:100:g1:m1', 'mark done:a:g1:m2')
    expect(late.playback).toMatchObject({ isAgentPlaying: false, isPlaying: true })
    expect(play(...sent).playback).toMatchObject({ isAgentPlaying: true })
  })
})

describe('the marks that are answered, each once and in order', () => {
  const all = ['a:100:g1:m1', 'a:300:g1:m2', 'done:a:g1:m3']
  const table: [string, readonly string[], readonly string[]][] = [
    ['each as it comes back', [...sent, 'back a:100:g1:m1', 'back a:100:g1:m1'], all.slice(0, 1)],
    ['those before one that comes back', [...sent, 'back a:300:g1:m2', 'back a:100:g1:m1'], all.slice(0, 2)],
    ['those that a clear takes, and not again as they come back', [...sent, 'clear', 'back a:300:g1:m2'], all],
    ['those that do not come back, and not again when they do', [...sent, 'at 5000', 'back done:a:g1:m3'], all],
    ['none that was never sent', [...sent, 'back a:1:g1:m9'], []],
    ["none of the house's", ['media 800', 'mark tone', ...sent, 'back a:100:g1:m1', 'clear'], all],
    ['none at the end', [...sent, 'end'], []]
  ]
  test.each(table)('%s', (_what, steps, expected) => expect(play(...steps).marks).toEqual(expected))
})

describe('an answer is heard', () => {
  const a = { itemId: 'a', sentMs: 300, playedMs: 300, cut: false }
  const b = ['media 800', 'mark b:100:g1:m1']
  const table: [string, readonly string[], readonly object[]][] = [
    ['not before its last mark', [...sent, 'back a:300:g1:m2'], []],
    ['with its last mark', [...sent, 'back done:a:g1:m3', 'clear', 'end'], [a]],
    ['by the clock', [...sent, 'at 5000'], [a]],
    ['up to a clear', [...sent, 'back a:100:g1:m1', 'clear', 'clear'], [{ ...a, playedMs: 100, cut: true }]],
    [
      'once, whatever of it comes after the clear',
      [...sent, 'clear', 'media 800', 'mark a:400:g2:m1', 'mark done:a:g2:m2', 'back done:a:g2:m2'],
      [{ ...a, playedMs: 0, cut: true }]
    ],
    ['with the next one when it was left without its last mark', [...sent.slice(0, 4), ...b, 'back b:100:g1:m1'], [a]],
    [
      'in order',
      [...sent, ...b, 'clear'],
      [
        { ...a, playedMs: 0, cut: true },
        { itemId: 'b', cut: true }
      ]
    ],
    [
      'up to where it is by the clock when the stream ends, mark or no mark',
      ['media 8000', 'mark a:1000:g1:m1', 'at 700', 'end'],
      [{ itemId: 'a', sentMs: 1_000, playedMs: 700, cut: true }]
    ],
    [
      'up to where it is by the clock that marks have put right',
      [
        'media 1600',
        'mark a:200:g1:m1',
        'media 8000',
        'mark a:1200:g1:m2',
        'at 250',
        'back a:200:g1:m1',
        'at 550',
        'end'
      ],
      [{ playedMs: 500, cut: true }]
    ],
    ['to its end when only its last mark is missing as the stream ends', [...sent.slice(0, 4), 'at 301', 'end'], [a]]
  ]
  test.each(table)('%s', (_what, steps, expected) => {
    const { told } = play(...steps)
    expect(told).toMatchObject(expected)
  })
})
