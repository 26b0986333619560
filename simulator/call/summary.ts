import { print, printFact, seconds } from '../../src/commands/print.ts'
import type { CallOutcome } from '../telephone/telephone.ts'
import type { Report } from './report.ts'

/** Without tools; each tool costs another 0.4 s. */
const PRACTICE = '; 1.0 s of it is the practice model, which hears you out and thinks'

/** Prints the figures of the call, a line each. */
export function printSummary(
  report: Report,
  { durationMs }: CallOutcome,
  recording: string,
  isPractice: boolean
): void {
  print('')
  printFact('Call', `${seconds(durationMs)} from the answer to the end`)
  printFact(
    'First word',
    report.firstWordMs === undefined ? 'not by the agent' : `${seconds(report.firstWordMs)} after the stream began`
  )
  printFact('Answers', delays(report.delaysMs) + (isPractice && report.delaysMs.length > 0 ? PRACTICE : ''))
  printFact('Barge-ins', bargeIns(report))
  if (report.tools.length + report.handoffs.length > 0) printFact('Tools', tools(report))
  printFact('Recording', `${recording}: caller left, agent right. ${howToListen(recording)}`)
}

function delays(delaysMs: readonly number[]): string {
  const sorted = delaysMs.toSorted((one, other) => one - other)
  const [fastest] = sorted
  const slowest = sorted.at(-1)
  if (fastest === undefined || slowest === undefined) return 'none'
  const median = sorted[Math.floor((sorted.length - 1) / 2)] ?? fastest
  if (sorted.length === 1) return `1, after ${seconds(fastest)}`
  return `${sorted.length}, after ${seconds(fastest)} to ${seconds(slowest)}, median ${seconds(median)}`
}

function bargeIns({ bargeIns: all }: Report): string {
  if (all.length === 0) return 'none'
  const stops = all.map(({ stoppedAfterMs }) => seconds(stoppedAfterMs)).join(', ')
  return `${all.length}, the agent fell silent after ${stops}`
}

function tools({ tools: called, handoffs }: Report): string {
  const list = called.join(', ') || 'none'
  return handoffs.length > 0 ? `${list}; handed off to ${handoffs.join(', ')}` : list
}

function howToListen(path: string): string {
  const players: Partial<Record<NodeJS.Platform, string>> = { darwin: 'afplay', win32: 'start', linux: 'aplay' }
  return `Listen: ${players[process.platform] ?? 'ffplay'} ${/\s/.test(path) ? `"${path}"` : path}`
}
