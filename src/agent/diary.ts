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
  freeTimes(date: string, now: Date): Promise<string[]>
  /** Books the time. Resolves to false when the time is not free: two callers may ask for the same one. */
  book(appointment: Appointment, now: Date): Promise<boolean>
}

/** A diary in memory, empty after a restart. Replace it with the one your practice uses. */
export function createDiary(): Diary {
  const booked = new Map<string, Appointment>()

  const freeTimes = (date: string, now: Date): string[] =>
    timesOn(date).filter((time) => !booked.has(`${date} ${time}`) && `${date} ${time}` > `${today(now)} ${clock(now)}`)

  return {
    async freeTimes(date, now) {
      return freeTimes(date, now)
    },
    async book(appointment, now) {
      const { date, time } = appointment
      if (!freeTimes(date, now).includes(time)) return false
      booked.set(`${date} ${time}`, appointment)
      return true
    }
  }
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
