import { setTimeout as wait } from 'node:timers/promises'
import type { DialSomebody } from '../telephone/telephone.ts'

/**
 * One step of the caller's. The caller waits until the agent has finished. With `bargeInMs` the caller begins that many
 * milliseconds after the agent. With `stayMs` the caller is silent for that long, whatever the agent does.
 */
export type Step =
  | {
      readonly say: string
      readonly bargeInMs?: number | undefined
      /** Of eSpeak NG's; by default a woman's, in the language of the words. */
      readonly voice?: string
      readonly pace?: number | undefined
    }
  | {
      readonly wav: string
      readonly bargeInMs?: number | undefined
      /** By default those in the `.txt` beside it. */
      readonly words?: string | undefined
    }
  | { readonly hangUp: true; readonly bargeInMs?: number | undefined }
  | { readonly press: string }
  | { readonly stayMs: number }

export interface Scene {
  /** One line for `--help`. */
  readonly about: string
  /** After the last step the caller hears the answer to its end, and hangs up if the agent does not. */
  readonly steps: readonly Step[]
  /** The server's settings for this scene. */
  readonly settings?: Readonly<Record<string, string>>
  /** Decides whether a dialled person picks up. Default: always. */
  readonly dial?: DialSomebody
}

/** What the telephone in the page offers to say in practice. */
export const SENTENCES = [
  'Hi, when are you open on Friday?',
  'What does a cleaning cost?',
  'I would like to book a check-up for tomorrow.',
  'The first one is fine. My name is Sam Taylor.',
  'I have a question about my invoice.',
  'Can I speak to a person, please?',
  'Wait, are you open on Monday?',
  'Thanks, goodbye.'
]

/** Add scenes here; `npm run call -- --scene NAME` plays one. */
export const scenes: Readonly<Record<string, Scene>> = {
  default: {
    about: 'a question, interruptions, a handoff to another agent, an appointment, goodbye',
    steps: [
      { say: 'Hi, when are you open on Friday?' },
      { say: 'Great. I would like to book a check-up for tomorrow.', bargeInMs: 1_000 },
      { say: 'The first one is fine. My name is Sam Taylor.', bargeInMs: 6_000 },
      { say: "That's all, thank you. Goodbye." }
    ]
  },
  goodbye: {
    about: 'the agent hangs up, the caller says "wait" over the goodbye and keeps the line; then it hangs up for good',
    steps: [
      { say: 'Thanks, goodbye.' },
      { say: 'Wait, are you open on Monday?', bargeInMs: 400 },
      { say: "That's all. Goodbye." }
    ]
  },
  transfer: {
    about: 'the caller is put through to a person who does not pick up, and is back with the agent',
    settings: { TRANSFER_TARGETS: 'front desk=+15551230002' },
    dial: async () => {
      await wait(3_000)
      return { status: 'no-answer' }
    },
    steps: [
      { say: 'Hi, can I speak to a person, please?' },
      { say: 'Yes, please take a message: this is Sam Taylor, I will be ten minutes late.' },
      { say: 'Thank you. Goodbye.' }
    ]
  },
  keypad: {
    about: 'the caller keys in an invoice number, which only the tool gets to see; then keys that nobody asked for',
    steps: [
      { say: 'I have a question about my invoice.' },
      { press: '100234#' },
      { press: '421#' },
      { say: 'Goodbye.' }
    ]
  },
  silence: {
    about: 'nobody speaks: the agent asks once, and the next time says goodbye',
    settings: { SILENCE_TIMEOUT_MS: '3000' },
    steps: [{ stayMs: 20_000 }]
  },
  length: {
    about: 'the call reaches its limit: the agent is told before, and says goodbye',
    settings: { MAX_CALL_MS: '15000' },
    steps: [{ say: 'Hi, when are you open on Friday?' }, { stayMs: 20_000 }]
  },
  interruption: {
    about: 'an "mhm" does not stop the agent, a caller who means it does',
    settings: { MIN_INTERRUPTION_MS: '700' },
    steps: [
      { say: 'Hi, when are you open on Friday?' },
      { say: 'Mhm.', bargeInMs: 500 },
      { say: 'I would like to book a check-up for tomorrow.' },
      { say: 'Wait, please take a message instead: this is Sam, I will call again.', bargeInMs: 1_500 },
      { say: 'Thanks, goodbye.' }
    ]
  },
  handoff: {
    about: 'one agent hands the caller to another and back: one voice, no second greeting',
    steps: [
      { say: 'Hi, I would like to book an appointment for a check-up.' },
      { say: 'Tomorrow, if you can.' },
      { say: 'The first one is fine.' },
      { say: 'Sam Taylor.' },
      { say: 'And when are you open on Friday?' },
      { say: 'Thanks, goodbye.' }
    ]
  },
  'slow-tool': {
    about: 'a tool waits for its keys while the caller asks something else; what it finds comes after',
    settings: { SILENCE_TIMEOUT_MS: '4000' },
    steps: [
      { say: 'I have a question about my invoice.' },
      { stayMs: 5_000 },
      { say: 'One moment, I am looking for it.' },
      { press: '100235#' },
      { say: 'Thanks, goodbye.' }
    ]
  }
}
