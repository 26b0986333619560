/** Bytes from `start` up to and including `end`. */
export interface Range {
  readonly start: number
  readonly end: number
}

/**
 * What a `Range` header asks for of so many bytes (RFC 9110, 14.1.2). Undefined for all of it: several ranges at a time
 * and other units are answered so.
 */
export function rangeOf(header: string | undefined, bytes: number): Range | 'unsatisfiable' | undefined {
  const [, from = '', to = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '') ?? []
  if (from === '' && to === '') return undefined
  const start = from === '' ? Math.max(0, bytes - Number(to)) : Number(from)
  const end = from === '' || to === '' ? bytes - 1 : Math.min(Number(to), bytes - 1)
  // `5-2` means nothing, and is answered as if it was not there.
  if (from !== '' && to !== '' && Number(to) < start) return undefined
  return start >= bytes || (from === '' && Number(to) === 0) ? 'unsatisfiable' : { start, end }
}
