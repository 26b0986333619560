import { itemsIn, listFor } from '../instructions.ts'
import type { Offer } from '../offers.ts'
import { asWords, meaningsOf } from '../words.ts'
import type { Option } from './choices.ts'
import { type Kind, kindOf } from './kinds.ts'
import { type Field, fieldsOf, nested } from './schema.ts'
import { valueIn } from './values.ts'

/** What the arguments of a tool can come from. */
export interface Source {
  readonly instructions: string
  readonly today: string | undefined
  /** Everything that was said before: who somebody is stays true. */
  readonly known: readonly string[]
  /** What was said of the same matter before. */
  readonly background: readonly string[]
  /** The wish, and then an answer to each question about it. */
  readonly said: readonly string[]
  /** What the caller picked from what a tool had found. */
  readonly option: Option | undefined
}

export interface Missing {
  readonly field: Field
  readonly kind: Kind
  readonly choices: readonly string[]
}

/** The arguments, and what has to be asked for first. */
export interface Filled {
  readonly arguments: Record<string, unknown>
  readonly missing: Missing | undefined
}

/** The arguments of a tool from what was said. Nothing is invented: what is required and was not said is missing. */
export function fill(offer: Offer, source: Source): Filled {
  const form = new Form(offer, source)
  for (const words of source.known) form.hearWho(words)
  for (const words of source.background) form.hear(words, false)
  form.pick(source.option)
  source.said.forEach((words, at) => void form.hear(words, at > 0))
  return { arguments: form.arguments, missing: form.missing }
}

interface Blank extends Missing {
  readonly fallback: unknown
}

/** A tool's parameters while they are filled in. */
class Form {
  readonly #values = new Map<Field, unknown>()
  readonly #blanks: readonly Blank[]
  readonly #about: ReadonlySet<string>
  readonly #today: string | undefined
  #picked = false

  constructor(offer: Offer, { instructions, today }: Source) {
    const { name, description } = offer.meanings
    this.#today = today
    this.#about = new Set([...name, ...description])
    this.#blanks = fieldsOf(offer.parameters).map((field) => {
      const choices = choicesFor(field, offer.name, instructions)
      return {
        field,
        choices,
        kind: kindOf(field, choices, this.#about),
        fallback: fallbackFor(field, choices)
      }
    })
  }

  get arguments(): Record<string, unknown> {
    return nested(
      this.#blanks.flatMap(({ field, fallback }) => {
        const value = this.#values.get(field) ?? fallback
        if (value === undefined) return []
        return [[field.path, field.isList && !Array.isArray(value) ? [value] : value] as const]
      })
    )
  }

  get missing(): Missing | undefined {
    return this.#blanks.find(
      ({ field, fallback }) => field.isRequired && fallback === undefined && !this.#values.has(field)
    )
  }

  pick(option: Option | undefined): void {
    if (!option) return
    for (const { field, kind } of this.#blanks) {
      const value = kind === 'date' || kind === 'day' ? option.date : kind === 'time' ? option.time : undefined
      if (value !== undefined) this.#values.set(field, value)
    }
    const [only, ...others] = this.#blanks.filter(
      ({ kind, field }) => (kind === 'topic' || kind === 'choice') && field.isRequired
    )
    if (only && others.length === 0 && !option.date && !option.time) this.#values.set(only.field, option.text)
    this.#picked = option.date !== undefined || option.time !== undefined
  }

  /** @param isAnswer whether it answers the question for what was missing until now */
  hear(words: string, isAnswer: boolean): void {
    const asked = isAnswer ? this.missing : undefined
    if (asked) this.#set(asked, valueIn(words, { ...this.#searchFor(asked), isAsked: true }))
    const isTaken = asked !== undefined && this.#values.has(asked.field)
    for (const blank of this.#blanks) {
      if (blank === asked || blank.field.schema.const !== undefined || (isTaken && isFree(blank))) continue
      if (this.#picked && isWhen(blank)) continue
      if (isFree(blank) && (this.#values.has(blank.field) || !this.#isForThis(blank))) continue
      this.#set(blank, valueIn(words, { ...this.#searchFor(blank), isAsked: false }))
    }
  }

  /** Takes a name or a number from any time of the call: it stays the same whatever is wanted. */
  hearWho(words: string): void {
    for (const blank of this.#blanks.filter(({ kind }) => WHO.has(kind))) {
      this.#set(blank, valueIn(words, { ...this.#searchFor(blank), isAsked: false }))
    }
  }

  #set({ field }: Missing, value: unknown): void {
    if (value !== undefined && value !== '') this.#values.set(field, value)
  }

  #searchFor({ field, kind, choices }: Missing) {
    // What other values are called carries none of this one.
    const others = this.#blanks.flatMap((blank) =>
      blank.field === field ? [] : blank.choices.flatMap((choice) => [...meaningsOf(choice)])
    )
    const own = kind === 'words' ? meaningsOf(field.description) : []
    return { field, kind, choices, about: new Set([...this.#about, ...others, ...own]), today: this.#today }
  }

  /** Where several values can be any words, none is guessed from words that may be meant for another. */
  #isForThis({ kind }: Missing): boolean {
    return (
      kind !== 'topic' || this.#blanks.filter((blank) => blank.kind === 'topic' && blank.field.isRequired).length <= 1
    )
  }
}

const WHO: ReadonlySet<Kind> = new Set(['name', 'phone', 'email', 'address'])

const isFree = ({ kind }: Missing): boolean => kind === 'topic' || kind === 'words' || kind === 'summary'

const isWhen = ({ kind }: Missing): boolean => kind === 'date' || kind === 'day' || kind === 'time'

/** What may be chosen from: the schema's values, those that the description lists, or a list in the instructions. */
function choicesFor({ options, description, type }: Field, tool: string, instructions: string): readonly string[] {
  if (options.length > 0) return options
  if (type !== 'string') return []
  if (/\binstructions\b|\bAnweisungen\b|\binstrucciones\b/i.test(description)) return listFor(tool, instructions)
  const [, list = ''] = description.match(/:\s*([^.;:]+(?:,| or | oder | o )[^.;:]+)\.?$/) ?? []
  const items = itemsIn(list)
  return items.length > 1 && items.every((item) => item.split(' ').length <= 2) ? items : []
}

const WHATEVER = /^(?:any|all|either|no preference|none|default|unknown|egal|alle|cualquiera)$/i

/** What stands for "nothing was said about it"; undefined where that must be asked. */
function fallbackFor(field: Field, choices: readonly string[]): unknown {
  const { schema, description, isNullable, isList } = field
  if (schema.const !== undefined) return schema.const
  if (schema.default !== undefined) return schema.default
  if (isNullable) return null
  if (isList && !schema.minItems) return []
  if (choices.length === 1) return choices[0]
  const [, named] =
    description.match(/["“„]([^"”“]+)["”“] (?:when|if|unless|otherwise|by default|wenn|falls|si)\b/) ?? []
  return choices.find((choice) => choice === named) ?? choices.find((choice) => WHATEVER.test(asWords(choice)))
}
