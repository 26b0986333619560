import { folded } from '../words.ts'
import { numberOf } from './numbers.ts'

export const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const

const NAMES = [
  'sunday monday tuesday wednesday thursday friday saturday',
  'sonntag montag dienstag mittwoch donnerstag freitag samstag',
  'domingo lunes martes miercoles jueves viernes sabado'
].map((line) => line.split(' '))
const MONTHS = [
  'january february march april may june july august september october november december',
  'januar februar marz april mai juni juli august september oktober november dezember',
  'enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre'
].map((line) => line.split(' '))

/** A day that was said. */
export interface Day {
  /** `Monday`, when a weekday was named. */
  readonly weekday?: string
  /** `today` or `tomorrow`, when that was said. */
  readonly relative?: 'today' | 'tomorrow'
  /** `YYYY-MM-DD`, where it can be known. */
  readonly date?: string
}

/** @param today `YYYY-MM-DD`; without it a weekday or "tomorrow" has no date */
export function dayIn(text: string, today: string | undefined): Day | undefined {
  const iso = text.match(/\b\d{4}-\d\d-\d\d\b/)?.[0]
  if (iso) return { date: iso }
  // "In the morning" is no day, and neither is "guten Morgen".
  const words = folded(
    text.replaceAll(/\b(?:guten|heute|am) morgen\b|\b(?:por|de) la mañana\b|\bin the morning\b/gi, (said) =>
      /^heute/i.test(said) ? 'heute' : ''
    )
  )
  return monthDay(words, today) ?? relativeDay(words, today) ?? weekday(words, today)
}

/** `HH:MM`; hours before eight are meant in the evening unless the morning is named. */
export function timeIn(text: string): string | undefined {
  const plain = folded(text.replaceAll(/(\d)[.:](\d\d)\b/g, '$1h$2').replaceAll(/([ap])\.\s?m\./gi, '$1m')).join(' ')
  const [, h, m, half] = plain.match(/\b(\d{1,2})h(\d\d)\b ?(am|pm)?/) ?? []
  if (h !== undefined) return clock(Number(h), Number(m), half ?? partOf(plain, Number(h)), true)
  return spokenTime(plain)
}

export function addDays(date: string, days: number): string {
  return new Date(Date.parse(`${date}T12:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10)
}

export function weekdayOf(date: string): string {
  return WEEKDAYS[new Date(`${date}T12:00:00Z`).getUTCDay()] ?? ''
}

/** Whether a word belongs to a day or a time, and to nothing else that is said. */
export function isAboutTime(word: string): boolean {
  const [plain = ''] = folded(word)
  return (
    [...NAMES, ...MONTHS].some((names) => names.includes(plain.replace(/s$/, '')) || names.includes(plain)) ||
    TIME_WORDS.has(plain)
  )
}

const TIME_WORDS = new Set(
  folded(`today tomorrow tonight morning afternoon evening noon midnight am pm o clock half past quarter next week day days weeks
    heute morgen übermorgen abend vormittag nachmittag mittag uhr halb viertel nächste nächsten nächster woche tag tagen
    hoy mañana pasado tarde noche mediodía semana próximo próxima día días`)
)

function relativeDay(words: readonly string[], today: string | undefined): Day | undefined {
  const said = words.join(' ')
  const ahead = (days: number): Day => (today ? { date: addDays(today, days) } : {})
  if (/\bday after tomorrow\b|\bubermorgen\b|\bpasado manana\b/.test(said)) return ahead(2)
  if (/\btomorrow\b|\bmorgen\b|\bmanana\b/.test(said)) return { relative: 'tomorrow', ...ahead(1) }
  if (/\btoday\b|\btonight\b|\bright now\b|\bheute\b|\bhoy\b|\bjetzt\b/.test(said))
    return { relative: 'today', ...ahead(0) }
  const [, count = '', unit = ''] =
    said.match(/\bin (\w+) (days?|weeks?|tagen?|wochen?)\b|\bdentro de (\w+) (dias?|semanas?)\b/) ?? []
  const days = (numberOf(count) ?? 0) * (/^[ws]/.test(unit) ? 7 : 1)
  if (days > 0) return ahead(days)
  return /\bnext week\b|\bnachste woche\b|\bproxima semana\b/.test(said) &&
    !words.some((word) => indexIn(NAMES, word) >= 0)
    ? ahead(7)
    : undefined
}

function weekday(words: readonly string[], today: string | undefined): Day | undefined {
  const at = words.findIndex((word) => indexIn(NAMES, word) >= 0)
  if (at < 0) return undefined
  const index = indexIn(NAMES, words[at] ?? '')
  const day = { weekday: WEEKDAYS[index] ?? '' }
  if (!today) return day
  const ahead = (index - WEEKDAYS.indexOf(weekdayOf(today) as (typeof WEEKDAYS)[number]) + 7) % 7
  const isNextWeek = /^(?:next|nachste[nr]?|proximo)$/.test(words[at - 1] ?? '') && ahead === 0
  return { ...day, date: addDays(today, isNextWeek ? 7 : ahead) }
}

/** "December 3rd", "3. Dezember", "3 de diciembre": this year, or the next when it has passed. */
function monthDay(words: readonly string[], today: string | undefined): Day | undefined {
  const at = words.findIndex((word) => indexIn(MONTHS, word) >= 0)
  // "May I" is no month.
  if (at < 0 || !today || (words[at] === 'may' && words[at + 1] === 'i')) return undefined
  const near = [words[at - 1], words[at + 1], words[at - 2], words[at + 2]]
  const day = near
    .map((word) => ordinalOf(word ?? ''))
    .find((value) => value !== undefined && value >= 1 && value <= 31)
  if (day === undefined) return undefined
  const rest = `-${pad(indexIn(MONTHS, words[at] ?? '') + 1)}-${pad(day)}`
  const year = words.find((word) => /^20\d\d$/.test(word)) ?? today.slice(0, 4)
  const date = `${year}${rest}`
  return { date: date < today && year === today.slice(0, 4) ? `${Number(year) + 1}${rest}` : date }
}

const ORDINALS: Readonly<Record<string, number>> = {
  first: 1,
  second: 2,
  third: 3,
  fifth: 5,
  ninth: 9,
  twelfth: 12,
  ersten: 1,
  dritten: 3,
  siebten: 7,
  achten: 8,
  primero: 1
}

function ordinalOf(word: string): number | undefined {
  return (
    ORDINALS[word] ??
    numberOf(word.replace(/(\d)(?:st|nd|rd|th)$/, '$1')) ??
    numberOf(word.replace(/(?:st)?en$|th$|te[nr]?$/, ''))
  )
}

const HOUR = String.raw`(\w+)`

function spokenTime(plain: string): string | undefined {
  const [, half] = plain.match(new RegExp(`\\bhalb ${HOUR}`)) ?? []
  const halfHour = numberOf(half ?? '')
  if (halfHour !== undefined) return clock(halfHour - 1, 30, partOf(plain, halfHour))
  const [, share = '', direction = '', to] =
    plain.match(new RegExp(`\\b(half|quarter|viertel) (past|to|vor|nach) ${HOUR}`)) ?? []
  const hour = numberOf(to ?? '')
  if (hour !== undefined) {
    const minutes = share === 'half' ? 30 : 15
    const isBefore = direction === 'to' || direction === 'vor'
    return clock(isBefore ? hour - 1 : hour, isBefore ? 60 - minutes : minutes, partOf(plain, hour))
  }
  if (/\b(?:noon|mittags?|mediodia)\b/.test(plain) && !/\bnachmittag/.test(plain)) return '12:00'
  for (const pattern of HOURS) {
    const [, at = '', minute = ''] = plain.match(pattern) ?? []
    const value = numberOf(at)
    if (value !== undefined && value <= 24) return clock(value, minutesOf(minute), partOf(plain, value))
  }
  return undefined
}

const HOURS = [
  /\b(\w+)(?: (\w+))? (?:am|pm)\b/,
  /\b(\d{1,2})()(?:am|pm)\b/,
  /\b(\w+) uhr(?: (\w+))?/,
  /\b(\w+)() o clock\b/,
  /\ba las? (\w+)(?: y (\w+))?/,
  /\b(?:at|around|about|by|um|gegen) (\w+)(?: (\w+(?: \w+)?))?/,
  /\b(\w+) (thirty|fifteen|forty five|dreissig|treinta)\b/
]

function minutesOf(said: string): number {
  if (said === 'media') return 30
  if (said === 'cuarto') return 15
  const [tens = '', ones = ''] = said.split(' ')
  const value = (numberOf(tens) ?? 0) + (ones ? (numberOf(ones) ?? 0) : 0)
  return value < 60 && value >= 5 ? value : 0
}

function partOf(plain: string, hour: number): string | undefined {
  if (/\b\d*am\b|\bmorning\b|\bvormittag|\bmorgens\b|\bfruh\b|de la manana/.test(plain)) return 'am'
  if (/\b\d*pm\b|\bafternoon\b|\bevening\b|\btonight\b|\bnachmittag|\babend|de la (?:tarde|noche)/.test(plain))
    return 'pm'
  return hour > 0 && hour < 8 ? 'pm' : undefined
}

function clock(hour: number, minute: number, part: string | undefined, isWritten = false): string {
  const isSaid = part !== undefined && !(isWritten && hour === 0)
  const full = isSaid && part === 'pm' && hour < 12 ? hour + 12 : isSaid && part === 'am' && hour === 12 ? 0 : hour
  return `${pad(full % 24)}:${pad(minute)}`
}

const indexIn = (lists: readonly (readonly string[])[], word: string): number => {
  const singular = word.replace(/s$/, '')
  const found = lists.map((list) => Math.max(list.indexOf(word), list.indexOf(singular))).find((index) => index >= 0)
  return found ?? -1
}

const pad = (value: number): string => `${value}`.padStart(2, '0')
