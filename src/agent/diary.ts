import type { Call } from './context.ts'
import { clock, hoursOn, today } from './dates.ts'
import { practice } from './practice.ts'

export interface Appointment {
  /** `YYYY-MM-DD` */
  readonly date: string
  /** `HH:MM` */
  readonly time: string
  readonly name: string
  readonly reason: string
  readonly phone: string | undefined
}

export interface Diary {
  /** The times still free on a day, `HH:MM`, earliest first. */
  freeTimes(date: string, now: Date, call: Call): Promise<string[]>
  /** Books the time. Resolves to false when the time is not free: two callers may ask for the same one. */
  book(appointment: Appointment, now: Date, call: Call): Promise<boolean>
}

const KIND = 'appointment'

/** The diary of the example. Replace it with the one your practice uses (docs/operating.md). */
export const diary: Diary = {
  async freeTimes(date, now, { store }) {
    const booked = new Set((await store.list(KIND, date)).map(({ key }) => key))
    return timesLeft(date, now).filter((time) => !booked.has(keyOf(date, time)))
  },
  async book(appointment, now, { store }) {
    const { date, time } = appointment
    // The key is taken once: of two callers who ask for the same time, on two servers, one gets it.
    return timesLeft(date, now).includes(time) && store.add(KIND, keyOf(date, time), appointment)
  }
}

function keyOf(date: string, time: string): string {
  return `${date} ${time}`
}

/** The times of a day that have not passed yet. */
function timesLeft(date: string, now: Date): string[] {
  return timesOn(date).filter((time) => keyOf(date, time) > keyOf(today(now), clock(now)))
}

function timesOn(date: string): string[] {
  const hours = hoursOn(date)
  if (hours === undefined) return []
  const times: string[] = []
  for (let at = minutes(hours.opens); at + practice.slotMinutes <= minutes(hours.closes); at += practice.slotMinutes) {
    times.push(`${pad(Math.floor(at / 60))}:${pad(at % 60)}`)
  }
  return times
}

function minutes(time: string): number {
  const [hour = 0, minute = 0] = time.split(':').map(Number)
  return hour * 60 + minute
}

function pad(value: number): string {
  return String(value).padStart(2, '0')
}
