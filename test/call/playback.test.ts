import { describe, expect, test } from 'vitest'
import { Playback } from '../../src/call/playback.ts'

/** `media 800` and `mark a:100:g1:m1` go out, `back <mark>` comes in, `clear` goes out. */
function playbackOf(...steps: readonly string[]): Playback {
  const playback = new Playback(() => 0)
  for (const step of steps) {
    const [what, value = ''] = step.split(' ')
    if (what === 'media') playback.sentMedia(Number(value))
    else if (what === 'mark') playback.sentMark(value)
    else if (what === 'back') playback.markCameBack(value)
    else playback.sentClear()
  }
  return playback
}

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
    ],
    ['an item whose name has colons', ['media 80', 'mark a:1:10:g1:m1', 'back a:1:10:g1:m1'], undefined]
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

  test('a mark is told apart from one that a clear sent back', () => {
    const playback = playbackOf(...sent)
    expect(playback.markCameBack('a:100:g1:m1').isNews).toBe(true)
    expect(playback.markCameBack('a:100:g1:m1').isNews).toBe(false)
    playback.sentClear()
    expect(playback.markCameBack('a:300:g1:m2').isNews).toBe(false)
    expect(playback.markCameBack('never sent').isNews).toBe(false)
  })
})
