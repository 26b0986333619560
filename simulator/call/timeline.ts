import { INDENT, printEvent, printHeading, type Who } from '../../src/commands/print.ts'

/** Prints events as they happen, with seconds since the call was answered. */
export class Timeline {
  #answeredAt: number | undefined

  /** Sets the zero of the timeline. */
  answered(): void {
    this.#answeredAt ??= performance.now()
    printHeading()
  }

  /** @param note printed in brackets */
  tell(who: Who, what: string, note?: string): void {
    printEvent(performance.now() - (this.#answeredAt ?? performance.now()), who, what, note)
  }
}

/** Lines that are shown as they are. */
export function quote(text: string): string {
  return text.replaceAll(/^/gm, ' '.repeat(INDENT))
}
