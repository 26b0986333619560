import { asWords, meaningsOf } from '../words.ts'
import type { Field } from './schema.ts'

/** What sort of thing a value is, by its schema, its description and its name, in this order. */
export type Kind =
  | 'choice'
  | 'boolean'
  | 'number'
  | 'day'
  | 'date'
  | 'time'
  | 'email'
  | 'phone'
  | 'digits'
  | 'address'
  | 'name'
  | 'summary'
  | 'words'
  | 'topic'

const DESCRIBED: readonly [Kind, RegExp][] = [
  ['summary', /\bsumm|\bzusammenfass|\bresum|\bone sentence\b/i],
  ['day', /weekday|day of the week|"today"|Wochentag|día de la semana/i],
  ['date', /YYYY-MM-DD|\bdate\b|\bDatum\b|\bfecha\b/i],
  ['time', /HH:MM|\btime of day\b|\bUhrzeit\b/i],
  ['email', /e-?mail|correo electrónico/i],
  ['phone', /\b(?:tele)?phone\b|\bcall(?:ed)? back\b|Telefon|Rückruf|Handy|teléfono|\bmobile\b/i],
  [
    'words',
    /\bin (?:the|their|his|her) (?:own )?words\b|\bmessage\b|\bnotes?\b|\bNachricht\b|\bmensaje\b|\bverbatim\b|\bwörtlich\b/i
  ],
  ['name', /\bnames?\b|\bNamen?\b|\bnombre\b/],
  ['address', /\baddress\b|\bstreet\b|\bAdresse\b|\bAnschrift\b|\bdirección\b/i],
  ['digits', /\b(?:number|code|digits|zip|PIN|postcode)\b(?! of)|\bNummer\b|\bPLZ\b|\bnúmero\b(?! de)/i]
]

const NAMED: readonly [Kind, RegExp][] = [
  ['day', /\b(?:day|weekday|tag|wochentag|dia)\b/],
  ['date', /\b(?:date|datum|fecha)\b/],
  ['time', /\b(?:time|uhrzeit|hora)\b/],
  ['email', /\bmail\b|\bemail\b/],
  ['phone', /\b(?:phone|telephone|mobile|telefon|handy|telefono)\b/],
  ['summary', /\bsummary\b|\bzusammenfassung\b/],
  ['words', /\b(?:message|text|note|notes|comment|comments|nachricht|mensaje)\b/],
  ['name', /\b(?:name|customer|caller|guest|nombre)\b/],
  ['address', /\b(?:address|adresse|street|direccion)\b/],
  ['digits', /\b(?:number|nummer|code|zip|pin|id|plz)\b/]
]

/**
 * @param choices what may be chosen from, be it in the schema or in words
 * @param about what the tool itself is about
 */
export function kindOf(field: Field, choices: readonly string[], about: ReadonlySet<string>): Kind {
  const { type, schema, description } = field
  if (type === 'boolean') return 'boolean'
  if (choices.length > 0) return 'choice'
  if (type === 'number' || type === 'integer') return 'number'
  if (takesOnly('12:30', schema)) return 'time'
  if (takesOnly('2026-11-24', schema)) return 'date'
  if (schema.format === 'date' || schema.format === 'time' || schema.format === 'email') return schema.format
  const name = asWords(field.path.at(-1) ?? '').toLowerCase()
  const found =
    DESCRIBED.find(([, pattern]) => pattern.test(description)) ?? NAMED.find(([, pattern]) => pattern.test(name))
  const kind = found?.[0] ?? 'topic'
  if (kind !== 'name') return kind
  // "The name of the pizza" is nobody's name, when it is pizzas that the tool is about.
  const [, owner = ''] = description.match(/\b(?:names? of|Namen? der|nombre de)\b(.*)/i) ?? []
  return [...meaningsOf(owner)].some((meaning) => about.has(meaning)) ? 'topic' : 'name'
}

/** A pattern for times or dates tells what it is for. */
function takesOnly(example: string, { pattern }: Field['schema']): boolean {
  if (pattern === undefined) return false
  const whole = new RegExp(pattern)
  return whole.test(example) && !whole.test('word')
}
