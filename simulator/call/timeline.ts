import { styleText } from 'node:util'

export type Who = 'caller' | 'agent' | 'server' | 'twilio'

const WIDEST = 100
/** `  12.3  twilio  ` */
const INDENT = 16
const COLOURS = { caller: 'cyan', agent: 'green', server: 'yellow', twilio: 'magenta' } as const

/** Prints events as they happen, with seconds since the call was answered. */
export class Timeline {
  #answeredAt: number | undefined

  /** Sets the zero of the timeline. */
  answered(): void {
    this.#answeredAt ??= performance.now()
    print(styleText('dim', `${'s'.padStart(6)}  who     what`))
  }

  /** @param note printed in brackets */
  tell(who: Who, what: string, note?: string): void {
    const seconds = ((performance.now() - (this.#answeredAt ?? performance.now())) / 1_000).toFixed(1)
    const [first = '', ...rest] = wrap([...what.split(/\s+/), ...(note ? [`(${note})`] : [])], width() - INDENT)
    print(`${seconds.padStart(6)}  ${styleText(COLOURS[who], who.padEnd(6))}  ${first}`)
    for (const line of rest) print(`${' '.repeat(INDENT)}${line}`)
  }
}

/** Lines that are shown as they are. */
export function quote(text: string): string {
  return text.replaceAll(/^/gm, ' '.repeat(INDENT))
}

export function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** Prints a table's row, wrapped like the timeline. */
export function printFact(name: string, text: string): void {
  const [first = '', ...rest] = wrap(text.split(/\s+/), width() - INDENT)
  print(`${styleText('bold', name.padEnd(INDENT))}${first}`)
  for (const line of rest) print(`${' '.repeat(INDENT)}${line}`)
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
