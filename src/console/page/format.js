/** `0:07.4`, `12:03`: a place in a call. @param {number} ms @param {boolean} [exact] with tenths */
export function clock(ms, exact = false) {
  const tenths = Math.max(0, exact ? Math.floor(ms / 100) : Math.floor(ms / 1000) * 10)
  const seconds = Math.floor(tenths / 10)
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  const two = (/** @type {number} */ value) => String(value).padStart(2, '0')
  const whole = hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`
  return exact ? `${whole}.${tenths % 10}` : whole
}

/** How long something took: `34 ms`, `1.24 s`. @param {number | null | undefined} ms */
export function delay(ms) {
  if (ms === null || ms === undefined) return '–'
  if (Math.abs(ms) < 1000) return `${Math.round(ms)} ms`
  return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`
}

/** As many digits as tell something: `$0.0031`, `$0.090`, `$4.10`. @param {number | null | undefined} usd */
export function money(usd) {
  if (usd === null || usd === undefined) return '–'
  if (usd === 0) return '$0'
  return `$${usd.toFixed(usd < 0.00995 ? 4 : usd < 0.995 ? 3 : 2)}`
}

const numbers = new Intl.NumberFormat('en')
/** @param {number} value */
export const count = (value) => numbers.format(value)

/** `end_asked` as words. @param {string | null} name */
export const words = (name) => (name ?? '').replaceAll('_', ' ')

const day = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short' })
const withYear = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short', year: 'numeric' })
const minute = new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
const time = new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' })

/** Today's times without their date, others without their seconds. @param {string} iso */
export function when(iso) {
  const date = new Date(iso)
  const now = new Date()
  if (date.toDateString() === now.toDateString()) return time.format(date)
  return `${(date.getFullYear() === now.getFullYear() ? day : withYear).format(date)}, ${minute.format(date)}`
}

/** @param {string | null | undefined} number */
export const who = (number) => number || 'withheld'
