import { randomBytes } from 'node:crypto'

/** An id in the API's form: a prefix and 21 letters and digits. A client's own id has at most 32 characters. */
export const newId = (prefix: 'event' | 'sess' | 'conv' | 'item' | 'resp' | 'call' | 'msg'): string =>
  `${prefix}_${randomBytes(16).toString('base64').replace(/\W/g, '0').slice(0, 21)}`

/** The padding that hides the length of a delta on the wire; clients ignore it. */
export const obfuscation = (): string => randomBytes(6).toString('hex')
