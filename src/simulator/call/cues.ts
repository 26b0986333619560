import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { durationMs, loudness } from '../sound/mulaw.ts'
import { speak } from '../sound/speech.ts'
import { readWav } from '../sound/wav.ts'
import { Mistake } from './mistake.ts'
import type { Step } from './scenes.ts'

/** A step with everything at hand that it needs, so that nothing is made or missing during the call. */
export type Cue =
  | {
      readonly sound: Buffer
      readonly words: string | undefined
      readonly told: string
      readonly bargeInMs: number | undefined
    }
  | { readonly press: string }
  | { readonly stayMs: number }

/** Not the agent's voice. */
const CALLER_VOICE = 'en-us+f3'
const WINDOW_BYTES = 160
/** -45 dBFS: quieter than any word. */
const AUDIBLE = 0.0056

/** Throws Mistake for a file that is missing or no recording. */
export function prepare(steps: readonly Step[]): Promise<Cue[]> {
  return Promise.all(steps.map(cueFor))
}

async function cueFor(step: Step): Promise<Cue> {
  if ('say' in step) {
    const sound = untilLastSound(await speak(step.say, { voice: CALLER_VOICE }))
    return { sound, words: step.say, told: step.say, bargeInMs: step.bargeInMs }
  }
  if ('wav' in step) return recording(step.wav, step.bargeInMs)
  return step
}

async function recording(path: string, bargeInMs: number | undefined): Promise<Cue> {
  const sound = untilLastSound(await readSound(path))
  const words = await readFile(path.replace(/(\.wav)?$/i, '.txt'), 'utf8').then(oneLine, () => undefined)
  const length = `${(durationMs(sound) / 1_000).toFixed(1)} s`
  return { sound, words, told: `[${basename(path)}, ${length}]${words ? ` ${words}` : ''}`, bargeInMs }
}

async function readSound(path: string): Promise<Buffer> {
  try {
    return await readWav(path)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') throw new Mistake(`There is no file ${path}.`)
    throw new Mistake(`${path} is no recording that can be played: ${message}.`)
  }
}

/** A turn ends with the caller's last sound, whatever silence a recording has after it. */
function untilLastSound(mulaw: Buffer): Buffer {
  let end = mulaw.length
  while (end > 0 && loudness(mulaw.subarray(Math.max(0, end - WINDOW_BYTES), end)) < AUDIBLE) end -= WINDOW_BYTES
  return mulaw.subarray(0, Math.max(0, end))
}

const oneLine = (text: string): string | undefined => text.replace(/\s+/g, ' ').trim() || undefined
