import { folded } from '../words.ts'

const WORDS = [
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty',
  'null ein zwei drei vier funf sechs sieben acht neun zehn elf zwolf dreizehn vierzehn funfzehn sechzehn siebzehn achtzehn neunzehn zwanzig',
  'cero un dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciseis diecisiete dieciocho diecinueve veinte'
]
const TENS = [
  'twenty thirty forty fifty sixty seventy eighty ninety',
  'zwanzig dreissig vierzig funfzig sechzig siebzig achtzig neunzig',
  'veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa'
]
const MORE: Readonly<Record<string, number>> = {
  eins: 1,
  eine: 1,
  einen: 1,
  uno: 1,
  una: 1,
  zwo: 2,
  couple: 2,
  paar: 2,
  par: 2,
  dozen: 12,
  dutzend: 12,
  docena: 12,
  hundred: 100,
  hundert: 100,
  cien: 100,
  oh: 0
}

const VALUES = new Map<string, number>([
  ...WORDS.flatMap((line) => line.split(' ').map((word, value) => [word, value] as const)),
  ...TENS.flatMap((line) => line.split(' ').map((word, at) => [word, (at + 2) * 10] as const)),
  ...Object.entries(MORE)
])

const ARTICLE = /^(?:eine?n?|una?)$/i
const POINTS = /^(?:the|this|that|which|first|second|third|fourth|last|next|other|another|each|every|any|no)$/i

/** A number that was said, and the words around it that tell what it counts. */
export interface Count {
  readonly value: number
  readonly before: string
  readonly after: readonly string[]
}

/** One word as a number; undefined when it is none. */
export function numberOf(word: string): number | undefined {
  const [plain = ''] = folded(word)
  if (/^\d+$/.test(plain)) return Number(plain)
  const [, ones = '', tens = ''] = plain.match(/^(\w+?)und(\w+zig|dreissig)$/) ?? []
  if (ones) return (VALUES.get(tens) ?? 0) + (VALUES.get(ones) ?? 0)
  return VALUES.get(plain)
}

export function countsIn(text: string): Count[] {
  const words = text.match(/\d+(?:[.,]\d+)?|[\p{L}']+/gu) ?? []
  const found: Count[] = []
  for (let at = 0; at < words.length; at++) {
    const value = /^\d/.test(words[at] ?? '') ? Number(words[at]?.replace(',', '.')) : numberOf(words[at] ?? '')
    // "The second one" is no number.
    if (value === undefined || ARTICLE.test(words[at] ?? '') || (value === 1 && POINTS.test(words[at - 1] ?? '')))
      continue
    const ones = numberOf(words[at + 1] ?? '')
    const isPair = value >= 20 && value % 10 === 0 && value < 100 && ones !== undefined && ones > 0 && ones < 10
    found.push({
      value: isPair ? value + ones : value,
      before: words[at - 1] ?? '',
      after: words.slice(at + (isPair ? 2 : 1)).slice(0, 3)
    })
    if (isPair) at++
  }
  return found
}

/** Everything that was said in digits, one after the other: "four two, one" is 421. */
export function digitsIn(text: string): string {
  const runs = text.match(/[\p{L}']+|[+\d]+/gu) ?? []
  const digits = runs.map((word) => (/^[+\d]+$/.test(word) ? word : isDigit(word) ? `${numberOf(word)}` : ''))
  return digits.join('')
}

const isDigit = (word: string): boolean => {
  const value = numberOf(word)
  return value !== undefined && value < 10 && !ARTICLE.test(word)
}
