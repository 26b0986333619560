import type { DialSomebody } from '../telephone/telephone.ts'

/**
 * One thing the caller does. They wait until the agent has finished, unless they barge in: then they begin so many
 * milliseconds after the agent did. `stayMs` says nothing for as long, whatever the agent does.
 */
export type Step =
  | { readonly say: string; readonly bargeInMs?: number | undefined }
  | { readonly wav: string; readonly bargeInMs?: number | undefined }
  | { readonly press: string }
  | { readonly stayMs: number }

export interface Scene {
  /** One line for `--help`. */
  readonly about: string
  /** After the last one the caller hears the answer out, and hangs up if the agent does not. */
  readonly steps: readonly Step[]
  /** Settings of the server that the scene needs. */
  readonly settings?: Readonly<Record<string, string>>
  /** Who picks up when the server has somebody dialled. Default: everybody. */
  readonly dial?: DialSomebody
}

/** Add yours here; `npm run call -- --scene NAME` plays it. */
export const scenes: Readonly<Record<string, Scene>> = {
  default: {
    about: 'a question, interruptions, a handoff to another agent, an appointment, goodbye',
    steps: [
      { say: 'Hi, when are you open on Friday?' },
      { say: 'Great. I would like to book a check-up.', bargeInMs: 1_000 },
      { say: 'The first one is fine.', bargeInMs: 6_000 },
      { say: "That's all, thank you. Goodbye." }
    ]
  }
}
