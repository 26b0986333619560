import { describe, expect, test } from 'vitest'
import { AgentLane } from '../../src/records/agent-lane.ts'
import { type Between, CallerLane } from '../../src/records/caller-lane.ts'
import { Base64 } from '../../src/wire/base64.ts'
import { distinctSound } from '../house.ts'

const SECOND = 8_000
const FRAME_MS = 20

interface Lane {
  layOut(from: number, to: number, lay: (samples: Uint8Array, at: number) => void): void
}

/** As `toEqual`, which takes a second for a second of sound. */
const isSame = (one: Buffer, other: Buffer) => one.equals(other)

/** The lane's next second. */
function second(lane: Lane, number: number): Buffer {
  const sound = Buffer.alloc(SECOND, 0xff)
  lane.layOut(number * SECOND, (number + 1) * SECOND, (samples, at) => sound.set(samples, at - number * SECOND))
  return sound
}

/** The sound as 20 ms frames, each so late as `lateMs` says. @returns a function that sends those due before `untilMs` */
function frames(lane: CallerLane, sound: Buffer, lateMs: (frame: number) => number) {
  let frame = 0
  return (untilMs: number) => {
    for (; frame * FRAME_MS < untilMs && frame * 160 < sound.length; frame += 1) {
      const audio = Base64.encode(sound.subarray(frame * 160, (frame + 1) * 160))
      lane.hear({ audio, timestampMs: 155 + frame * FRAME_MS }, frame * FRAME_MS + lateMs(frame))
    }
  }
}

describe('the caller’s lane', () => {
  test('has all that was said, at its time, although the first frames were held up', () => {
    const lane = new CallerLane()
    const sound = Buffer.concat([Buffer.alloc(400, 0xff), distinctSound(1_950)])
    frames(lane, sound, (frame) => (frame < 20 ? 50 : 0))(2_000)
    // The first frame lies before the time at which the call began for this server, and is silent.
    expect(isSame(second(lane, 0), sound.subarray(0, SECOND))).toBe(true)
    expect(isSame(second(lane, 1), sound.subarray(SECOND, 2 * SECOND))).toBe(true)
  })

  test('moves back over silence alone when that is found out later', () => {
    const lane = new CallerLane()
    const [said, after] = [distinctSound(1_600), distinctSound(3_000).subarray(2_000 * 8)]
    const sound = Buffer.concat([said, Buffer.alloc(1_000 * 8, 0xff), after])
    // The lane begins where its first frame came.
    const send = frames(lane, sound, (frame) => (frame < 75 ? 60 : 0))
    const seconds = [0, 1, 2, 3].map((number) => {
      send((number + 1) * 1_000 + 400)
      return second(lane, number)
    })
    const kept = Buffer.concat(seconds)
    expect(kept.indexOf(said)).toBe(60 * 8)
    expect(kept.indexOf(after)).toBe(2_600 * 8)
  })

  test('tells when a mark was sent that was held up with the frames around it', () => {
    const lane = new CallerLane()
    frames(lane, distinctSound(1_000), () => 0)(1_000)
    // The last frame is that of 980 ms.
    expect(lane.sentBetween(1_090)).toEqual([980, 1_000])
    expect(lane.sentBetween(985)).toEqual([980, 985])
    // Without frames nothing is known.
    expect(lane.sentBetween(2_000)).toEqual([2_000, 2_000])
  })
})

describe('the agent’s lane', () => {
  const sentWhenRead = (nowMs: number): Between => [nowMs, nowMs]
  /** Sends the sound at once, in pieces of 200 ms, with a mark behind each. */
  function send(lane: AgentLane, sound: Buffer, nowMs: number): void {
    for (let at = 0; at < sound.length; at += 1_600) {
      lane.send(sound.subarray(at, at + 1_600).toString('base64'), nowMs)
      lane.mark(`${nowMs}:${at / 1_600}`, nowMs)
    }
  }

  test('has every sample once, although the marks come later and later, and then sooner', () => {
    const lane = new AgentLane(sentWhenRead)
    const sound = distinctSound(2_000)
    send(lane, sound, 100)
    lane.markCameBack('100:0', 300)
    const kept = [second(lane, 0)]
    lane.markCameBack('100:4', 1_140)
    kept.push(second(lane, 1))
    lane.markCameBack('100:8', 1_900)
    kept.push(second(lane, 2))
    const samples = Buffer.concat(kept)
    expect(isSame(samples.subarray(800, SECOND), sound.subarray(0, SECOND - 800))).toBe(true)
    // Twilio has paused for 40 ms.
    expect(
      isSame(samples.subarray(SECOND + 320, 2 * SECOND + 320), sound.subarray(SECOND - 800, 2 * SECOND - 800))
    ).toBe(true)
    const isSound = (byte: number) => byte !== 0xff
    expect(isSame(Buffer.from(samples.filter(isSound)), Buffer.from(sound.filter(isSound)))).toBe(true)
  })

  test('has the next answer where it was heard, behind what a clear has taken', () => {
    const lane = new AgentLane(sentWhenRead)
    const [first, next] = [distinctSound(5_000), distinctSound(5_400).subarray(5_000 * 8)]
    send(lane, first, 0)
    lane.clear(300)
    lane.cleared(310)
    send(lane, next, 500)
    const sound = second(lane, 0)
    expect(isSame(sound.subarray(0, 310 * 8), first.subarray(0, 310 * 8))).toBe(true)
    expect(isSame(sound.subarray(310 * 8, 500 * 8), Buffer.alloc(190 * 8, 0xff))).toBe(true)
    expect(isSame(sound.subarray(500 * 8, 900 * 8), next)).toBe(true)
  })
})
