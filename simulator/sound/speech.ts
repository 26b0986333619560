import { setImmediate } from 'node:timers/promises'
import loadEngine, { type ESpeakWorker } from '@echogarden/espeak-ng-emscripten'
import { voiceFor } from './language.ts'
import { encodeMulaw } from './mulaw.ts'
import { toTelephoneRate } from './wav.ts'

export interface SpeechOptions {
  /** An eSpeak NG voice, with a variant if wanted, such as `en-us+f3`. Default: the voice of the text's language */
  readonly voice?: string
}

const spoken = new Map<string, Promise<Buffer>>()
let engine: Promise<ESpeakWorker> | undefined

/**
 * Text as mu-law at 8 kHz, by eSpeak NG inside this process: no network, no account, the same bytes every time. The
 * buffer is cached for the life of the process, so do not write into it.
 * @throws Error for a voice that eSpeak does not have
 */
export function speak(text: string, { voice = voiceFor(text) }: SpeechOptions = {}): Promise<Buffer> {
  const key = `${voice}\n${text}`
  const known = spoken.get(key)
  if (known) return known
  const speech = synthesize(text, voice)
  spoken.set(key, speech)
  return speech
}

async function synthesize(text: string, voice: string): Promise<Buffer> {
  engine ??= startEngine()
  const worker = await engine
  // Each text blocks the process for tens of milliseconds, so live calls get a turn in between.
  await setImmediate()
  if (worker.set_voice(voice) !== 0) throw new Error(`eSpeak NG has no voice "${voice}"`)
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
