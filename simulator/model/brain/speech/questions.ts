import type { Missing } from '../arguments/fill.ts'
import { asWords } from '../words.ts'
import { english } from './english.ts'
import { listed, type Phrases, sentence } from './phrases.ts'

/** How the agent asks for what a tool needs and was not said. */
export function questionFor({ field, kind, choices }: Missing, says: Phrases): string {
  const what = clauseOf(field.description) || asWords(field.path.at(-1) ?? '').toLowerCase()
  if (choices.length > 0) {
    const list = listed(choices.map(asWords), says.or)
    return /\binstructions\b|\bAnweisungen\b|\binstrucciones\b|["“„]/i.test(field.description)
      ? says.whichOf(list)
      : sentence(`${what}: ${list}`, '?')
  }
  if (kind === 'day' || kind === 'date') return says.ask.day
  if (kind === 'time' || kind === 'email' || kind === 'phone') return says.ask[kind]
  // "The name the caller gave" is theirs, "the name of the guest" may be another's.
  if (kind === 'name' && !/\b(?:of|der|des|del?)\b/.test(what)) return says.ask.name
  return says.tellMe(what)
}

/** "What it is for, in a few words." as "what it is for" */
function clauseOf(description: string): string {
  const [clause = ''] = description.split(/[,;:.(]|\s(?:such as|e\.g|as in|like)\s/)
  const bare = clause.replaceAll(/["“”„]/g, '').trim()
  const plain = (
    /\b(?:caller|customer|guest|client|they\b|their\b)/i.test(bare) ? english.toCaller(bare) : bare
  ).replace(/\bthe (\w+) of you\b/i, 'your $1')
  return /^\p{Lu}\p{Ll}/u.test(plain) && !/^\p{Lu}\p{L}* \p{Lu}/u.test(plain)
    ? `${plain[0]?.toLowerCase()}${plain.slice(1)}`
    : plain
}
