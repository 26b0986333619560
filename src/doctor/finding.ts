import type { Config } from '../config.ts'

export type Group = 'here' | 'settings' | 'model' | 'address' | 'twilio'
export type State = 'ok' | 'warn' | 'bad'

/** One line of the doctor's. `why` and `mend` are empty where all is well. */
export interface Finding {
  /** Names the check, and stays the same: scripts may look for it. */
  readonly code: string
  readonly group: Group
  readonly state: State
  /** What was found. */
  readonly what: string
  /** What comes of it. */
  readonly why: string
  /** What to do about it. */
  readonly mend: string
}

/** The answer of `GET /api/doctor` and of `npm run doctor -- --json`. */
export interface Examination {
  readonly findings: readonly Finding[]
  readonly worst: State
}

/** What a check may look at. */
export interface Subject {
  readonly config: Config
  /** What requests are signed with: TWILIO_AUTH_TOKEN, or what the server of this machine made. */
  readonly authToken: string | undefined
  /** Where the server of this machine should be, such as `http://127.0.0.1:5050`. */
  readonly localUrl: string
}

/** Looks at one thing. What it throws becomes a finding. */
export type Check = (subject: Subject) => Promise<readonly Finding[]>

export const ok = (group: Group, code: string, what: string): Finding => ({
  ...{ code, group, state: 'ok', what, why: '', mend: '' }
})

export const warn = (group: Group, code: string, what: string, why: string, mend: string): Finding => ({
  ...{ code, group, state: 'warn', what, why, mend }
})

export const bad = (group: Group, code: string, what: string, why: string, mend: string): Finding => ({
  ...{ code, group, state: 'bad', what, why, mend }
})

const ORDER: readonly State[] = ['ok', 'warn', 'bad']

export function worstOf(findings: readonly Finding[]): State {
  return ORDER.findLast((state) => findings.some((finding) => finding.state === state)) ?? 'ok'
}
