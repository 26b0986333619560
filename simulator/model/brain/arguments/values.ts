import { asWords, folded, isSmall, meaningsOf } from '../words.ts'
import { type Day, dayIn, isAboutTime, timeIn, weekdayOf } from './dates.ts'
import type { Kind } from './kinds.ts'
import { type Count, countsIn, digitsIn, numberOf } from './numbers.ts'
import type { Field } from './schema.ts'

/** What is known when a value is looked for. */
export interface Search {
  readonly field: Field
  readonly kind: Kind
  readonly choices: readonly string[]
  /** What the tool itself is about: words that carry no value. */
  readonly about: ReadonlySet<string>
  readonly today: string | undefined
  /** The caller was asked for this very value. */
  readonly isAsked: boolean
}

/** The value in what the caller said; undefined when they did not say it. */
export function valueIn(words: string, search: Search): unknown {
  const { pattern } = search.field.schema
  const value = BY_KIND[search.kind](words, search)
  if (pattern === undefined || (typeof value === 'string' && new RegExp(pattern).test(value))) return value
  return matching(words, new RegExp(pattern))
}

const BY_KIND: Record<Kind, (words: string, search: Search) => unknown> = {
  choice: (words, { choices, field }) => chosen(words, choices, field.isList),
  boolean: (words, { field, isAsked }) => yesOrNo(words, field, isAsked),
  number: (words, search) => amountIn(words, search),
  day: (words, { today, field }) => dayAsWord(dayIn(words, today), field.description),
  date: (words, { today, isAsked }) =>
    dateOf(dayIn(words, today)) ?? (isAsked && dayIn(words, today) ? said(words) : undefined),
  time: (words, { isAsked }) => timeIn(words) ?? (isAsked ? hourAlone(words) : undefined),
  email: (words) => words.match(/[\w.+-]+@[\w-]+\.[\w.]+\w/)?.[0],
  phone: (words) => enough(digitsIn(words), 5),
  digits: (words, { isAsked }) => enough(digitsIn(words), isAsked ? 1 : 3),
  address: (words, { isAsked }) => addressIn(words) ?? (isAsked ? said(words) : undefined),
  name: (words, { isAsked }) => nameIn(words, isAsked),
  summary: (words) => (said(words) === '' ? undefined : `The caller said: ${words}`),
  words: (words, search) => (search.isAsked ? said(words) : messageIn(words, search.about)),
  topic: (words, search) => topicOf(words, search)
}

function matching(words: string, whole: RegExp): string | undefined {
  return [digitsIn(words), ...words.split(/[\s,.!?]+/)].find((part) => part !== '' && whole.test(part))
}

/** The choice whose words were said, the longest first; several for a list. */
function chosen(words: string, choices: readonly string[], isList: boolean): string | string[] | undefined {
  const meant = meaningsOf(words)
  const plain = ` ${folded(words).join(' ')} `
  const fits = choices.filter((choice) => {
    const parts = [...meaningsOf(asWords(choice))]
    return (
      plain.includes(` ${folded(asWords(choice)).join(' ')} `) ||
      (parts.length > 0 && parts.every((part) => meant.has(part)))
    )
  })
  if (isList) return fits.length > 0 ? fits : undefined
  return fits.toSorted((one, other) => other.length - one.length)[0]
}

const YES = /^(?:yes|yeah|yep|sure|ok(?:ay)?|please|of course|right|correct|ja|gern|natürlich|klar|sí|si|claro|vale)\b/i
const NO = /^(?:no|nope|nein|not)\b/i
const NOT = /\b(?:no|not|without|don't|never|nicht|kein\w*|ohne|sin)$/i

function yesOrNo(words: string, { path, description }: Field, isAsked: boolean): boolean | undefined {
  if (isAsked && YES.test(words)) return true
  if (isAsked && NO.test(words)) return false
  const [whenTrue = '', whenFalse = ''] = description.split(
    /\b(?:else|otherwise|instead of|rather than|sonst|statt|si no)\b/i
  )
  const tokens = words.split(/[\s,.!?]+/)
  const placeOf = (text: string) => {
    const meant = meaningsOf(text)
    return tokens.findIndex((token) => [...meaningsOf(token)].some((meaning) => meant.has(meaning)))
  }
  const at = placeOf(`${asWords(path.at(-1) ?? '')} ${whenTrue}`)
  if (at < 0) return placeOf(whenFalse) < 0 ? undefined : false
  return !tokens.slice(Math.max(0, at - 3), at).some((token) => NOT.test(token))
}

const ONE = /^(?:an?|eine?n?|una?)$/i
/** "How many" of whatever the tool is for. */
const ANY_NUMBER = /\b(?:quantity|count|amount|number|how many|anzahl|menge|wie viele|cantidad|cuánt[ao]s)\b/i
const TIME_BEFORE = /^(?:at|past|um|gegen|halb|las?)$/i
const TIME_AFTER = /^(?:am|pm|o|uhr|days?|weeks?|tagen?|wochen?|días?|semanas?)$/i

/** The number before what this counts, else one that counts nothing else; "a pizza" is one. */
function amountIn(words: string, { field, about, isAsked }: Search): number | undefined {
  const title = `${asWords(field.path.at(-1) ?? '')} ${field.description}`
  const counted = meaningsOf(title)
  const isCounted = (after: readonly string[]) =>
    [...meaningsOf(after.join(' '))].some((meaning) => counted.has(meaning))
  const isGeneral =
    ANY_NUMBER.test(title) && [...meaningsOf(title.split(ANY_NUMBER).join(' '))].every((word) => about.has(word))
  const counts = countsIn(words).filter(
    ({ value, before, after }) => value < 100_000 && !TIME_BEFORE.test(before) && !TIME_AFTER.test(after[0] ?? '')
  )
  const isFree = ({ before, after }: Count) =>
    isGeneral || isAsked || (before !== 'number' && meaningsOf(after[0] ?? '').size === 0)
  const value = (counts.find(({ after }) => isCounted(after)) ?? counts.find(isFree))?.value
  if (value !== undefined) return field.type === 'integer' ? Math.round(value) : value
  const tokens = words.split(/[\s,.!?]+/)
  const one = tokens.findIndex((token, at) => ONE.test(token) && (isGeneral || isCounted(tokens.slice(at + 1, at + 3))))
  return one < 0 ? undefined : 1
}

/** As the tool wants it: "tomorrow" where that is among its words, a weekday, or a date. */
function dayAsWord(day: Day | undefined, description: string): string | undefined {
  if (!day) return undefined
  if (day.relative && (description.includes(day.relative) || !day.date)) return day.relative
  if (day.weekday) return day.weekday
  return day.date && /\bdate\b|YYYY/.test(description) ? day.date : day.date && weekdayOf(day.date)
}

const dateOf = (day: Day | undefined): string | undefined => day && (day.date ?? day.relative ?? day.weekday)

/** "Nine", asked for a time. */
function hourAlone(words: string): string | undefined {
  const hour = countsIn(words).find(({ value }) => value <= 24)?.value
  return hour === undefined ? undefined : timeIn(`at ${hour}`)
}

const enough = (digits: string, count: number): string | undefined => (digits.length >= count ? digits : undefined)

function addressIn(words: string): string | undefined {
  return words.match(
    /\b\d+\w?(?: \p{Lu}[\p{L}'.-]+)+|\b(?:\p{Lu}[\p{L}.-]+ )*\p{Lu}[\p{L}.-]*(?:straße|strasse|str\.|weg|platz|gasse|allee|ring|ufer)? \d+\w?\b|\bcalle [\p{L} ]+ \d+/u
  )?.[0]
}

const CALLED =
  /\b(?:my name(?:'s| is)|(?:the )?name(?:'s| is)|under (?:the name(?: of)?)?|called|mein name ist|ich heiße|auf den namen|der name ist|me llamo|mi nombre es|a nombre de)\s+(\p{L}[\p{L}'-]*(?:\s+(?!and\b|please\b|und\b|bitte\b|y\b)\p{L}[\p{L}'-]*){0,3})/iu
const IS =
  /\b(?:I'm|I am|this is|it's|here is|speaking with|[Hh]ier ist|[Ii]ch bin|[Ss]oy|for|für|para)\s+((?:(?:Mr|Mrs|Ms|Dr|Herr|Frau|Señora?)\.?\s+)?\p{Lu}[\p{L}'-]*(?:\s+(?:(?:van|von|de|der|del|di)\s+)*\p{Lu}[\p{L}'-]*)*)/u

function nameIn(words: string, isAsked: boolean): string | undefined {
  const name =
    words.match(CALLED)?.[1] ??
    [...words.matchAll(new RegExp(IS, 'gu'))].map(([, found = '']) => found).find((found) => !isAboutTime(found))
  if (name !== undefined || !isAsked) return name?.trim()
  const answer = said(words)
    .replace(/^(?:it's|it is|that's|for|es ist|für|es|para)\s+/i, '')
    .replace(/,? (?:please|bitte|por favor|speaking)$/i, '')
  const isName =
    answer !== '' && answer.split(/\s+/).length <= 4 && !answer.includes('?') && !answer.split(/\s+/).some(isSmall)
  return isName ? answer : undefined
}

/** Without what one says around it. */
function said(words: string): string {
  return words
    .trim()
    .replace(/^(?:(?:yes|yeah|sure|ok(?:ay)?|well|um|uh|ja|also|gern|sí|bueno)\b[,.!]?\s*)+/i, '')
    .replace(/[.!,]+$/, '')
}

/** What is to be passed on: after a colon, or every sentence that says more than that there is something to pass on. */
function messageIn(words: string, about: ReadonlySet<string>): string | undefined {
  const [, after] =
    words.match(/:\s*(.+)$/s) ??
    words.match(
      /\b(?:message|tell (?:them|him|her)|say|ausrichten|Nachricht|mensaje|recado)\b[^.]*?\b(?:that|dass|que)\s+(.+)$/is
    ) ??
    []
  if (after) return after
  const parts = words
    .split(/(?<=[.!?])\s+/)
    .filter((part) => [...meaningsOf(part)].some((meaning) => !about.has(meaning)))
  return parts.length > 0 ? parts.join(' ') : undefined
}

/** The longest run of words that are neither small nor a part of what the tool is about, nor a day, a time or a number. */
function topicOf(words: string, { about, isAsked }: Search): string | undefined {
  const tokens = words.match(/[\p{L}\d'’&-]+|[,.!?;:]/gu) ?? []
  const carries = (token: string) =>
    !isAboutTime(token) &&
    numberOf(token) === undefined &&
    [...meaningsOf(token)].some((meaning) => !about.has(meaning))
  const runs: string[][] = [[]]
  for (const token of tokens) {
    if (carries(token)) runs.at(-1)?.push(token)
    else if (runs.at(-1)?.length) runs.push([])
  }
  const longest = runs.reduce((best, run) => (run.join('').length > best.join('').length ? run : best), [])
  if (longest.length > 0) return longest.join(' ')
  return isAsked ? said(words) || undefined : undefined
}
