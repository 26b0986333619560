import type { Expression, ExpressionBuilder, SqlBool } from 'kysely'
import { phoneNumber } from '../phone-number.ts'
import type { Tables } from '../store/tables.ts'

/** What was asked for cannot be looked for; the message says why, in one sentence. */
export class BadRequest extends Error {
  override name = 'BadRequest' as const
}

/** A caller's number as it is stored. @throws BadRequest for anything that is no number in E.164 */
export function callerNumber(value: string): string {
  const number = value.trim()
  if (phoneNumber.safeParse(number).success) return number
  throw new BadRequest('a number has to be written with its country, like +15551230001')
}

/** The calls of a caller: those that they made, and those that were made to them. */
export const isOf =
  (number: string) =>
  (eb: ExpressionBuilder<Tables, 'calls'>): Expression<SqlBool> =>
    eb.or([eb('from', '=', number), eb('to', '=', number)])
