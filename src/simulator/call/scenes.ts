import type { DialSomebody } from '../telephone/telephone.ts'

/**
 * One thing the caller does. They wait until the agent has finished, unless told to barge in: then they begin one second
 * after the agent did. `stay` says nothing for so many milliseconds, whatever the agent does.
 */
export type Step =
  | { readonly say: string; readonly bargeIn?: boolean }
  | { readonly wav: string; readonly bargeIn?: boolean }
  | { readonly press: string }
  | { readonly stay: number }

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
    about: 'a question, an interruption, a handoff to another agent, an appointment, goodbye',
    steps: [
      { say: 'Hi, when are you open on Friday?' },
      { say: 'Great. I would like to book a check-up.', bargeIn: true },
      { say: 'The first one is fine.' },
      { say: "That's all, thank you. Goodbye." }
    ]
  }
}
