import { itemsIn } from '../instructions.ts'
import { folded, meaningsOf } from '../words.ts'
import { dayIn, timeIn, weekdayOf } from './dates.ts'

/** One of the things a tool has found. */
export interface Option {
  readonly text: string
  /** `YYYY-MM-DD` */
  readonly date?: string
  /** `HH:MM` */
  readonly time?: string
}

/** Times by day, if the output has any; days without times; else the parts of its list. */
export function optionsIn(output: string): Option[] {
  let date: string | undefined
  const times: Option[] = []
  for (const [found] of output.matchAll(/\d{4}-\d\d-\d\d|\b\d\d:\d\d\b/g)) {
    if (found.length > 5) date = found
    else times.push({ text: date ? `${date} ${found}` : found, time: found, ...(date ? { date } : {}) })
  }
  if (times.length > 0) return times
  const days = [...output.matchAll(/\d{4}-\d\d-\d\d/g)].map(([day]) => ({ text: day, date: day }))
  if (days.length > 0) return days
  const [, list] = output.match(/:\s*([^.]+)/) ?? []
  const items = list ? itemsIn(list) : []
  return items.length > 1 ? items.map((text) => ({ text })) : []
}

const ORDINALS: readonly RegExp[] = [
  /\b(?:first|1st|erste[nrs]?|primer[ao]?)\b/i,
  /\b(?:second|2nd|zweite[nrs]?|segund[ao])\b/i,
  /\b(?:third|3rd|dritte[nrs]?|tercer[ao]?)\b/i,
  /\b(?:fourth|4th|vierte[nrs]?|cuart[ao])\b/i
]
const LAST = /\b(?:last|letzte[nrs]?|últim[ao])\b/i

/** The option that the caller names by its place, its time, its day or its words. */
export function picked(words: string, options: readonly Option[], today: string | undefined): Option | undefined {
  const day = dayIn(words, today)
  const time = timeIn(words)
  const onDay = options.filter(
    ({ date }) => !day || (date !== undefined && (day.date ? day.date === date : day.weekday === weekdayOf(date)))
  )
  // "At nine" may be nine in the evening: what was offered decides.
  const atTime = time ? onDay.filter((option) => option.time !== undefined && sameHour(option.time, time)) : []
  if (atTime[0]) return atTime[0]
  const place = ORDINALS.findIndex((ordinal) => ordinal.test(words))
  if (place >= 0) return onDay[place]
  if (LAST.test(words)) return onDay.at(-1)
  if (day && onDay[0]?.date) return onDay[0]
  const meant = meaningsOf(words)
  return options.find(
    ({ text, time: at }) => at === undefined && [...meaningsOf(text)].some((meaning) => meant.has(meaning))
  )
}

const sameHour = (one: string, other: string): boolean => {
  const [hour = 0, minute] = one.split(':').map(Number)
  const [hours = 0, minutes] = other.split(':').map(Number)
  return minute === minutes && hour % 12 === hours % 12
}

const YES = new Set(
  folded(`yes yeah yep sure ok okay fine great good perfect please do it right correct works sounds lovely wonderful that is would be the one this and i will take thats thank you thanks
    ja gern gerne bitte passt gut super prima genau das ist in ordnung ok klar natürlich sí si claro vale bien perfecto por favor de acuerdo está`)
)
const NO = new Set(
  folded(
    'no nope not nothing nein nicht nichts nada danke thanks thank you that is all thats s no gracias else we are i am good fine'
  )
)

/** Nothing but a yes. */
export const isYes = (words: string): boolean => {
  const said = folded(words)
  const agrees =
    /\b(?:yes|yeah|yep|sure|ok|okay|fine|great|good|perfect|right|correct|works|sounds|please|ja|gern|gerne|passt|gut|super|prima|genau|klar|naturlich|si|claro|vale|bien|perfecto)\b/
  return said.every((word) => YES.has(word) || word === 's') && agrees.test(said.join(' '))
}

/** Nothing but a no. */
export const isNo = (words: string): boolean => {
  const said = folded(words)
  return said.every((word) => NO.has(word)) && /\b(?:no|nope|nothing|not|nein|nichts|nada|all)\b/.test(said.join(' '))
}
