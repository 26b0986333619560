import { styleText } from 'node:util'

export type Who = 'caller' | 'agent' | 'server' | 'twilio'

const WIDEST = 100
/** `  12.3  twilio  ` */
export const INDENT = 16
const COLOURS = { caller: 'cyan', agent: 'green', server: 'yellow', twilio: 'magenta' } as const
// biome-ignore lint/suspicious/noControlCharactersInRegex: the control characters are what is looked for
const CONTROLS = /[\u0000-\u001f\u007f-\u009f]+/g

export function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** Words of a caller's or a model's: they must not move the cursor or clear the screen. */
export function tame(text: string): string {
  return text.replace(CONTROLS, ' ')
}

/** The heading of a call's events. */
export function printHeading(): void {
  print(styleText('dim', `${'s'.padStart(6)}  who     what`))
}

/** Prints what happened at a point of a call. @param note printed in brackets */
export function printEvent(atMs: number, who: Who, what: string, note?: string): void {
  const [first = '', ...rest] = wrap([...what.split(/\s+/), ...(note ? [`(${note})`] : [])], width() - INDENT)
  print(`${(atMs / 1_000).toFixed(1).padStart(6)}  ${styleText(COLOURS[who], who.padEnd(6))}  ${first}`)
  for (const line of rest) print(`${' '.repeat(INDENT)}${line}`)
}

/** Prints a table's row, wrapped like the events. */
export function printFact(name: string, text: string): void {
  const [first = '', ...rest] = wrap(text.split(/\s+/), width() - INDENT)
  print(`${styleText('bold', name.padEnd(INDENT))}${first}`)
  for (const line of rest) print(`${' '.repeat(INDENT)}${line}`)
}

/** `2026-11-24 18:07`: Swedish dates are ISO 8601, in this machine's time zone. */
export function localTime(at: string | number): string {
  return new Date(at).toLocaleString('sv').slice(0, 16)
}

export function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(ms < 9_950 ? 2 : 1)} s`
}

/** Wraps words into lines. A word longer than a line gets a line of its own. */
function wrap(words: readonly string[], columns: number): string[] {
  const lines: string[] = []
  for (const word of words) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= columns) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

function width(): number {
  return Math.min(WIDEST, process.stdout.columns ?? WIDEST)
}
