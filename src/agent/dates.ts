import { type Hours, practice } from './practice.ts'

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const
export type Weekday = (typeof WEEKDAYS)[number]

/**
 * The date at the practice, `YYYY-MM-DD`. Dates are strings everywhere, so that the server's time zone cannot shift
 * them.
 */
export function today(now: Date): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone: practice.timeZone }).format(now)
}

/** The time at the practice, `HH:MM`. */
export function clock(now: Date): string {
  const options = { timeZone: practice.timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const
  return new Intl.DateTimeFormat('en-GB', options).format(now)
}

export function isDate(text: string): boolean {
  const noon = new Date(`${text}T12:00:00Z`)
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(noon.getTime()) && noon.toISOString().startsWith(text)
}

export function addDays(date: string, days: number): string {
  return new Date(Date.parse(`${date}T12:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10)
}

export function weekdayOf(date: string): Weekday {
  return WEEKDAYS[new Date(`${date}T12:00:00Z`).getUTCDay()] as Weekday
}

export function asWeekday(text: string): Weekday | undefined {
  return WEEKDAYS.find((weekday) => weekday.toLowerCase() === text.toLowerCase())
}

/** A date as it is spoken, e.g. `Wednesday, January 14`. */
export function sayDate(date: string): string {
  const options = { timeZone: 'UTC', weekday: 'long', month: 'long', day: 'numeric' } as const
  return new Intl.DateTimeFormat('en-US', options).format(new Date(`${date}T12:00:00Z`))
}

export function hoursOn(date: string): Hours | undefined {
  const closed: readonly string[] = practice.closedOn
  return closed.includes(date.slice(5)) ? undefined : practice.hours[weekdayOf(date)]
}
