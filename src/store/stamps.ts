import type { Stamp, WriterRow } from './tables.ts'

/** Numbers what one writer writes. A batch that is written again gets new numbers. */
export class Stamps {
  readonly #writer: string
  #seq = 0

  constructor(writer: string) {
    this.#writer = writer
  }

  readonly add = <Row extends object>(row: Row): Row & Stamp => {
    this.#seq += 1
    return { ...row, writer: this.#writer, writerSeq: this.#seq }
  }

  get last(): WriterRow {
    return { id: this.#writer, seq: this.#seq, at: Date.now() }
  }
}
