import type { InvalidEnvironment } from '../config.ts'
import { address } from './address.ts'
import { clock } from './clock.ts'
import { contradictions } from './contradictions.ts'
import { disk } from './disk.ts'
import { bad, type Check, type Finding, type Group, type Subject } from './finding.ts'
import { model } from './model.ts'
import { node } from './node.ts'
import { port } from './port.ts'
import { store } from './store.ts'
import { twilio } from './twilio.ts'

/** All checks together take this long at most, in ms, whatever does not answer. */
const LIMIT_MS = 4_800

/** The checks in the order in which their findings are shown. */
const CHECKS: ReadonlyMap<Check, Group> = new Map<Check, Group>([
  [node(), 'here'],
  [port, 'here'],
  [clock, 'here'],
  [disk, 'here'],
  [store, 'here'],
  [contradictions, 'settings'],
  [model, 'model'],
  [address, 'address'],
  [twilio, 'twilio']
])

/** Every finding about a server with these settings, within five seconds. Nothing is changed, and nothing costs. */
export async function examine(subject: Subject): Promise<Finding[]> {
  const found = await Promise.all([...CHECKS].map(([check, group]) => inTime(check(subject), group)))
  return found.flat()
}

/** What is wrong with settings that do not load: no other check can be made without them. */
export function settingsFindings(error: InvalidEnvironment): Finding[] {
  return error.message.split('\n').map((line) => {
    const [, name] = /^([A-Z_]+):/.exec(line) ?? []
    const mend = name
      ? `Correct ${name} in .env; docs/settings.md says what it takes.`
      : 'Copy .env.example to .env and fill it in.'
    return bad('settings', 'settings', line, 'The server does not start.', mend)
  })
}

async function inTime(findings: Promise<readonly Finding[]>, group: Group): Promise<readonly Finding[]> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<readonly Finding[]>((resolve) => {
    timer = setTimeout(() => resolve([unknown(group, 'it took too long')]), LIMIT_MS)
  })
  const checked = findings.catch((error: Error) => [unknown(group, error.message)])
  return Promise.race([checked, late]).finally(() => clearTimeout(timer))
}

function unknown(group: Group, why: string): Finding {
  const mend = 'Try once more; if it stays so, look at this part by hand.'
  return bad(group, 'unknown', `This could not be looked at: ${why}.`, 'Whether it is well is not known.', mend)
}
