import { setImmediate } from 'node:timers/promises'
import loadEngine, { type ESpeakWorker } from '@echogarden/espeak-ng-emscripten'
import { voiceFor } from './language.ts'
import { encodeMulaw } from './mulaw.ts'
import { toTelephoneRate } from './wav.ts'

export interface SpeechOptions {
  /** An eSpeak NG voice, with a variant if wanted, such as `en-us+f3`. Default: the voice of the text's language */
  readonly voice?: string
  /** Words a minute. Default: eSpeak NG's own, 175 */
  readonly pace?: number | undefined
}

/** Makes speech: mu-law at 8 kHz. */
export type Render = (text: string, voice: string, pace: number) => Promise<Buffer>

const OWN_PACE = 175
/** Makes the speech of this process. */
let render: Render = synthesize
const spoken = new Map<string, Promise<Buffer>>()
let engine: Promise<ESpeakWorker> | undefined

/**
 * Text as mu-law at 8 kHz, by eSpeak NG inside this process: no network, no account, the same bytes every time. The
 * buffer is cached for the life of the process, so do not write into it.
 * @throws Error for a voice that eSpeak does not have
 */
export function speak(text: string, { voice = voiceFor(text), pace = OWN_PACE }: SpeechOptions = {}): Promise<Buffer> {
  const key = `${voice}\n${pace}\n${text}`
  const known = spoken.get(key)
  if (known) return known
  const speech = render(text, voice, pace)
  spoken.set(key, speech)
  return speech
}

/** From now on all speech of this process is made like this: for many calls at once, which `synthesize` would hold up. */
export function renderWith(other: Render): void {
  render = other
}

/** Renders inside this thread. @throws Error for a voice that eSpeak does not have */
export async function synthesize(text: string, voice: string, pace: number): Promise<Buffer> {
  engine ??= startEngine()
  const worker = await engine
  // Each text blocks the process for tens of milliseconds, so live calls get a turn in between.
  await setImmediate()
  if (worker.set_voice(voice) !== 0) throw new Error(`eSpeak NG has no voice "${voice}"`)
  worker.set_rate(pace)
  const parts: Int16Array[] = []
  worker.synthesize(text, (samples) => {
    if (samples.length > 0) parts.push(samples)
  })
  return encodeMulaw(toTelephoneRate(joined(parts), worker.get_samplerate()))
}

async function startEngine(): Promise<ESpeakWorker> {
  const instance = await loadEngine({ print: ignore, printErr: ignore })
  return new instance.eSpeakNGWorker()
}

function joined(parts: Int16Array[]): Int16Array {
  const whole = new Int16Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

function ignore(): void {}
