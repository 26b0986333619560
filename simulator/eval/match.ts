import type { Pattern } from './scene.ts'

/** Words without case, accents and punctuation, a blank before and after each. */
export function plain(text: string): string {
  const letters = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
  return ` ${(letters.match(/[\p{L}\d]+/gu) ?? []).join(' ')} `
}

/** Whether a text has these words in it, one after the other; `/…/` is a regular expression. */
export function has(text: string, wanted: string): boolean {
  const [, source, flags] = /^\/(.*)\/([a-z]*)$/s.exec(wanted) ?? []
  if (source !== undefined) return new RegExp(source, flags?.includes('i') ? flags : `${flags}i`).test(text)
  return plain(text).includes(plain(wanted))
}

/** Whether a value is as it should be. Of an object, what is not named may be anything. */
export function matches(value: unknown, wanted: Pattern): boolean {
  if (typeof wanted === 'string') return typeof value === 'object' ? false : has(String(value), wanted)
  if (Array.isArray(wanted)) {
    return Array.isArray(value) && value.length === wanted.length && wanted.every((one, at) => matches(value[at], one))
  }
  if (typeof wanted !== 'object' || wanted === null) return value === wanted
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(wanted).every(([name, one]) => matches((value as Record<string, unknown>)[name], one))
}

/** Whether every wish is fulfilled by a value of its own, and no value is left over. */
export function matchesAll(values: readonly unknown[], wanted: readonly Pattern[]): boolean {
  if (values.length !== wanted.length) return false
  const [first, ...others] = wanted
  if (first === undefined) return true
  return values.some(
    (value, at) =>
      matches(value, first) &&
      matchesAll(
        values.filter((_, other) => other !== at),
        others
      )
  )
}
