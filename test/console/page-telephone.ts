import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { decodeMulaw, encodeMulaw, silence } from '../../simulator/sound/mulaw.ts'
import { writeStereoWav } from '../../simulator/sound/wav.ts'
import { Tape } from '../../simulator/telephone/tape.ts'
import type { House } from '../house.ts'

export interface Message {
  /** On the browser's clock, since the first `start`. */
  readonly atMs: number
  readonly event: string
  readonly media?: { readonly payload: string }
  readonly mark?: { readonly name: string }
  readonly dtmf?: { readonly digit: string }
}

/** What the page's telephone and the server said to each other, with the browser's times. */
export interface Wire {
  readonly sent: Message[]
  readonly received: Message[]
}

/** Both directions of every stream that the page opens. */
export async function watchWire(page: Page): Promise<Wire> {
  const wire: Wire = { sent: [], received: [] }
  const streams = new Set<string>()
  let startedAt: number | undefined
  const cdp = await page.context().newCDPSession(page)
  cdp.on('Network.webSocketCreated', ({ requestId, url }) => {
    if (url.endsWith('/api/phone/stream')) streams.add(requestId)
  })
  const add =
    (messages: Message[]) => (frame: { requestId: string; timestamp: number; response: { payloadData: string } }) => {
      if (!streams.has(frame.requestId)) return
      const message = JSON.parse(frame.response.payloadData) as Message
      if (message.event === 'start') startedAt ??= frame.timestamp
      messages.push({ ...message, atMs: 1_000 * (frame.timestamp - (startedAt ?? frame.timestamp)) })
    }
  cdp.on('Network.webSocketFrameSent', add(wire.sent))
  cdp.on('Network.webSocketFrameReceived', add(wire.received))
  await cdp.send('Network.enable')
  return wire
}

export const soundOf = (messages: readonly Message[]): Buffer =>
  Buffer.concat(messages.flatMap(({ media }) => (media ? [Buffer.from(media.payload, 'base64')] : [])))

/** What the caller has said: frames are 20 ms apart, and the one that was held up least says when. */
export function spokenOf({ sent }: Wire): Buffer {
  const frames = sent.filter(({ media }) => media)
  const beginsMs = Math.min(...frames.map(({ atMs }, index) => atMs - 20 * index))
  const sound = soundOf(frames)
  const at = Math.round(8 * beginsMs)
  return at < 0 ? sound.subarray(-at) : Buffer.concat([silence(beginsMs), sound])
}

/** What the caller has heard by the telephone's rules: in order, in real time, and nothing after a `clear`. */
export function playedOf({ received }: Wire, untilMs: number): Buffer {
  const tape = new Tape()
  let playsUntilMs = 0
  for (const { atMs, event, media } of received) {
    if (event === 'clear') {
      tape.cut(atMs)
      playsUntilMs = Math.min(playsUntilMs, atMs)
    }
    if (!media) continue
    const sound = Buffer.from(media.payload, 'base64')
    const beginsMs = Math.max(playsUntilMs, atMs)
    tape.add(beginsMs, sound)
    playsUntilMs = beginsMs + sound.length / 8
  }
  tape.cut(untilMs)
  return tape.between(0, untilMs)
}

/**
 * Puts the page's own low-pass between the loudspeaker and a tape: no other worklet can be loaded under its policy. The
 * tape begins with the stream's `start`.
 */
const LISTEN = `{
  const ear = { from: 0, startedAt: 0, frames: [] }
  globalThis.ear = ear
  const { connect } = AudioNode.prototype
  AudioNode.prototype.connect = function (to, ...more) {
    if (to instanceof AudioDestinationNode && this instanceof AnalyserNode) {
      ear.context = this.context
      ear.from = this.context.currentTime
      const node = new AudioWorkletNode(this.context, 'line-in')
      node.port.onmessage = ({ data }) => ear.frames.push(...data)
      connect.call(this, node)
      connect.call(node, to)
    }
    return connect.call(this, to, ...more)
  }
  const { send } = WebSocket.prototype
  WebSocket.prototype.send = function (data) {
    if (String(data).includes('"event":"start"')) ear.startedAt ||= ear.context.currentTime
    return send.call(this, data)
  }
}`

/** Hears what goes to the loudspeaker of this page. @returns gives it, from the stream's `start` on, in mu-law */
export async function bug(page: Page): Promise<() => Promise<Buffer>> {
  await page.addInitScript({ content: LISTEN })
  return async () => {
    const [earlyS, samples] = await page.evaluate<[number, number[]]>(
      '[ear.startedAt - ear.from, ear.frames.map((sample) => Math.round(32_767 * sample))]'
    )
    return encodeMulaw(Int16Array.from(samples.slice(Math.round(8_000 * earlyS))))
  }
}

export interface Likeness {
  /** How much later the second sound is, in ms, in the middle and at the worst. */
  readonly lagMs: number
  readonly worstLagMs: number
  /** How alike they are at that lag, from 0 to 1. */
  readonly alike: number
  /** The level of the second over the first. */
  readonly gain: number
  readonly windows: number
}

const WINDOW = 320

/** Finds the windows of one sound that are voiced in the other, which may have passed filters. Both are mu-law. */
export function likeness(first: Buffer, second: Buffer, reachMs = 150): Likeness {
  const [one, other] = [decodeMulaw(first), decodeMulaw(second)]
  const found: { lag: number; alike: number; gain: number }[] = []
  for (let at = 0; at + WINDOW <= one.length; at += WINDOW) {
    const window = one.subarray(at, at + WINDOW)
    if (powerOf(window) > 500 ** 2) found.push(bestMatch(window, other, at, reachMs * 8))
  }
  const lags = found.map(({ lag }) => lag / 8).toSorted((a, b) => a - b)
  const middle = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
  return {
    lagMs: middle(lags),
    worstLagMs: lags.reduce((worst, lag) => (Math.abs(lag) > Math.abs(worst) ? lag : worst), 0),
    alike: middle(found.map(({ alike }) => alike)),
    gain: middle(found.map(({ gain }) => gain)),
    windows: found.length
  }
}

/** How long there is a voice in the second sound where the first has had none for a while before, in ms. */
export function onlyInSecondMs(first: Buffer, second: Buffer): number {
  const [one, other] = [decodeMulaw(first), decodeMulaw(second)]
  const isVoiced = (samples: Int16Array) => samples.length > 0 && powerOf(samples) > 500 ** 2
  let windows = 0
  for (let at = 0; at < other.length; at += WINDOW) {
    const before = one.subarray(Math.max(0, at - 3 * WINDOW), at + 2 * WINDOW)
    if (isVoiced(other.subarray(at, at + WINDOW)) && before.every((sample) => Math.abs(sample) < 100)) windows += 1
  }
  return (windows * WINDOW) / 8
}

function bestMatch(window: Int16Array, other: Int16Array, at: number, reach: number) {
  let best = { lag: Number.POSITIVE_INFINITY, alike: 0, gain: 0 }
  const power = powerOf(window)
  for (let lag = -reach; lag <= reach; lag += 1) {
    const there = other.subarray(Math.max(0, at + lag), Math.max(0, at + lag) + window.length)
    if (there.length < window.length) continue
    let product = 0
    for (let index = 0; index < window.length; index += 1) product += (window[index] ?? 0) * (there[index] ?? 0)
    const otherPower = powerOf(there)
    const alike = product / window.length / Math.sqrt(power * otherPower || 1)
    if (alike > best.alike) best = { lag, alike, gain: Math.sqrt(otherPower / power) }
  }
  return best
}

const powerOf = (samples: Int16Array): number =>
  samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length

/** A sound for the microphone of the browser, as a WAV. */
export async function microphoneFile(name: string, sound: Buffer): Promise<string> {
  const path = join(tmpdir(), `${name}-${process.pid}.wav`)
  await writeStereoWav(path, sound, sound)
  return path
}

/** The console, by a person who has given its token. */
export async function openConsole(page: Page, { url }: House, token: string): Promise<void> {
  await page.goto(`${url}/console/login`)
  await page.getByLabel('Console token').fill(token)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('button', { name: 'Telephone' }).waitFor()
}

/** When the page sent each frame. */
export const frameTimes = ({ sent }: Wire): number[] => sent.flatMap(({ atMs, media }) => (media ? [atMs] : []))

/** When the page hung up. */
export const stopOf = ({ sent }: Wire): number => sent.find(({ event }) => event === 'stop')?.atMs ?? Number.NaN

/** How much later each mark was answered than what came before it has been played, in ms; those that were cleared excepted. */
export function lateMarks({ sent, received }: Wire): number[] {
  const late: number[] = []
  let playsUntilMs = 0
  let due = new Map<string, number>()
  const all = [
    ...received.map((message) => ({ ...message, isOurs: false })),
    ...sent.map((message) => ({ ...message, isOurs: true }))
  ]
  for (const { atMs, event, media, mark, isOurs } of all.toSorted((one, other) => one.atMs - other.atMs)) {
    if (media && !isOurs) playsUntilMs = Math.max(playsUntilMs, atMs) + Buffer.byteLength(media.payload, 'base64') / 8
    if (event === 'clear') {
      playsUntilMs = Math.min(playsUntilMs, atMs)
      due = new Map()
    }
    if (!mark) continue
    const dueMs = due.get(mark.name)
    if (!isOurs) due.set(mark.name, Math.max(playsUntilMs, atMs))
    else if (dueMs !== undefined) late.push(atMs - dueMs)
  }
  return late
}
