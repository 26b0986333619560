import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { voiceFor } from '../sound/language.ts'
import { durationMs, loudness } from '../sound/mulaw.ts'
import { speak } from '../sound/speech.ts'
import { readWav } from '../sound/wav.ts'
import { Mistake } from './mistake.ts'
import type { Step } from './scenes.ts'

/** Speech without a longer pause, in mu-law, and the pause before it. */
export interface Utterance {
  readonly pause: Buffer
  readonly speech: Buffer
}

/** A step with everything that it needs, so that nothing has to be made, or can be missing, during the call. */
export type Cue =
  | {
      readonly utterances: readonly Utterance[]
      readonly words: string | undefined
      readonly told: string
      readonly bargeInMs: number | undefined
    }
  | { readonly press: string }
  | { readonly stayMs: number }
  | { readonly hangUp: true; readonly bargeInMs: number | undefined }

/** eSpeak NG's variant for the caller, so that they do not have the agent's voice. */
const CALLER = '+f3'
const WINDOW_BYTES = 160
/** -45 dBFS: quieter than any word. */
export const AUDIBLE = 0.0056
/** 300 ms: longer than between two words. */
const PAUSE_BYTES = 15 * WINDOW_BYTES

/** Prepares all steps. @throws Mistake for a file that is missing or not a recording */
export function prepare(steps: readonly Step[]): Promise<Cue[]> {
  return Promise.all(steps.map(cueFor))
}

async function cueFor(step: Step): Promise<Cue> {
  if ('say' in step) {
    const { voice = `${voiceFor(step.say)}${CALLER}`, pace } = step
    const utterances = utterancesIn(await speak(step.say, { voice, pace }))
    return { utterances, words: step.say, told: step.say, bargeInMs: step.bargeInMs }
  }
  if ('wav' in step) return recording(step)
  if ('hangUp' in step) return { hangUp: true, bargeInMs: step.bargeInMs }
  return step
}

async function recording({ wav: path, bargeInMs, words: given }: Extract<Step, { wav: string }>): Promise<Cue> {
  const utterances = utterancesIn(await readSound(path))
  if (utterances.length === 0) throw new Mistake(`There is nothing to hear in ${path}.`)
  const words = given ?? (await readFile(path.replace(/(\.wav)?$/i, '.txt'), 'utf8').then(oneLine, () => undefined))
  const lengthMs = utterances.reduce((ms, { pause, speech }) => ms + durationMs(pause) + durationMs(speech), 0)
  const length = `${(lengthMs / 1_000).toFixed(1)} s`
  return { utterances, words, told: `[${basename(path)}, ${length}]${words ? ` ${words}` : ''}`, bargeInMs }
}

async function readSound(path: string): Promise<Buffer> {
  try {
    return await readWav(path)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') throw new Mistake(`There is no file ${path}.`)
    throw new Mistake(`${path} is no recording that can be played: ${message.replace(/\.+$/, '')}.`)
  }
}

/** Splits speech into utterances. The last one ends with the caller's last sound, without the silence after it. */
function utterancesIn(mulaw: Buffer): Utterance[] {
  const found: Utterance[] = []
  let [pauseFrom, speechFrom, soundUntil] = [0, -1, 0]
  const end = () => {
    if (speechFrom < 0) return
    found.push({ pause: mulaw.subarray(pauseFrom, speechFrom), speech: mulaw.subarray(speechFrom, soundUntil) })
    pauseFrom = soundUntil
    speechFrom = -1
  }
  for (let at = 0; at < mulaw.length; at += WINDOW_BYTES) {
    if (loudness(mulaw.subarray(at, at + WINDOW_BYTES)) >= AUDIBLE) {
      if (speechFrom < 0) speechFrom = at
      soundUntil = Math.min(at + WINDOW_BYTES, mulaw.length)
    } else if (at - soundUntil >= PAUSE_BYTES) end()
  }
  end()
  return found
}

const oneLine = (text: string): string | undefined => text.replace(/\s+/g, ' ').trim() || undefined
