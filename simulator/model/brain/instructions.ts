/** One sentence of the instructions. */
export interface Sentence {
  readonly text: string
  /** The heading it stands under, empty where there is none. */
  readonly heading: string
  /** The paragraph or list item it is part of, as a number. */
  readonly line: number
}

/** After these a full stop ends no sentence. */
const ABBREVIATIONS = String.raw`(?<!\b(?:Dr|Mr|Mrs|Ms|St|No|Nr|Str|vs|ca|approx|e\.g|i\.e|z\.B|d\.h|Sra?|Srta|Ud)\.)`
const SENTENCE_END = new RegExp(String.raw`(?<=[.!?]["”]?)${ABBREVIATIONS}\s+(?=[\p{Lu}\d"“„¿¡])`, 'u')

export const sentencesOf = (text: string): string[] =>
  text
    .split(SENTENCE_END)
    .map((part) => part.trim())
    .filter((part) => /[\p{L}\d]/u.test(part))

export function readInstructions(instructions: string): Sentence[] {
  let heading = ''
  return linesOf(instructions).flatMap((text, line) => {
    const title = text.match(/^#+\s*(.*)$/)?.[1]
    if (title !== undefined) {
      heading = title
      return []
    }
    const item = text.replace(/^(?:[-*•]|\d+[.)])\s+/, '')
    return sentencesOf(item).map((sentence) => ({ text: sentence, heading, line }))
  })
}

/** A line that goes on with a small letter belongs to the line before it. */
function linesOf(instructions: string): string[] {
  const lines: string[] = []
  for (const text of instructions.split('\n').map((line) => line.trim())) {
    const last = lines.at(-1)
    if (last && /^\p{Ll}/u.test(text) && !last.startsWith('#')) lines[lines.length - 1] = `${last} ${text}`
    else lines.push(text)
  }
  return lines.filter((line) => line !== '')
}

const MONTHS = 'January February March April May June July August September October November December'.split(' ')

/** Today as the instructions tell it, `YYYY-MM-DD`: a model has no calendar of its own. */
export function todayIn(instructions: string): string | undefined {
  const iso = instructions.match(/\b\d{4}-\d\d-\d\d\b/)?.[0]
  if (iso) return iso
  const [, month = '', day = '', year] = instructions.match(/\b(\p{Lu}\p{Ll}+) (\d{1,2}),? (\d{4})\b/u) ?? []
  const number = MONTHS.indexOf(month) + 1
  return number > 0 ? `${year}-${`${number}`.padStart(2, '0')}-${day.padStart(2, '0')}` : undefined
}

const WORD = String.raw`[\p{Lu}][\p{L}'’.&-]*`
const NAME = new RegExp(
  String.raw`\b(?:[Aa]t|[Ff]or|of|from|called|named|bei|von|für|der|des|vom|beim|im|de|del|en)\s+` +
    String.raw`((?:(?:the|dem|der|die|das|la|el|los)\s+)?${WORD}(?:\s+(?:(?:of|the|de|del|di|da|la|und|and|&|am|zum|zur)\s+)*${WORD})*)`,
  'gu'
)
const NO_NAME =
  /^(?:AI|KI|IA|English|German|Spanish|French|Italian|Deutsch|Englisch|Spanisch|Telefon|\w+(?:day|tag)|I)\b|^(?:the|dem|der|die|das|la|el|los) (?:AI|KI|IA|Telefon)\b/

/** Whose phone it is: the longest name at the beginning of the instructions that somebody works at, for or under. */
export function businessIn(instructions: string): string | undefined {
  const beginning = readInstructions(instructions)
    .slice(0, 4)
    .map(({ text }) => text)
  const names = beginning.flatMap((text) =>
    [...text.matchAll(NAME)].map(([, name = '']) => name.replace(/[.,]$/, '')).filter((name) => !NO_NAME.test(name))
  )
  const length = (name: string) => name.split(' ').length
  return names.reduce<string | undefined>(
    (best, name) => (best && length(best) >= length(name) ? best : name),
    undefined
  )
}

/** The words after the colon of the first sentence that names this: `to: sales, service.` */
export function listFor(name: string, instructions: string): string[] {
  const found = readInstructions(instructions).find(({ text }) => text.includes(name) && text.includes(':'))
  return found ? itemsIn(found.text.slice(found.text.indexOf(':') + 1)) : []
}

/** `small, medium or large` as its parts. */
export function itemsIn(text: string): string[] {
  return text
    .replace(/[.!?]\s*$/, '')
    .split(/\s*,\s*(?:(?:or|and|oder|und|o|y)\s+)?|\s+(?:or|and|oder|und|o|y)\s+/)
    .map((item) => item.trim().replaceAll(/^["“„']|["”“']$/g, ''))
    .filter((item) => item !== '')
}
