import { readInstructions, type Sentence } from './instructions.ts'
import { directed, grammarOf } from './speech/obey.ts'
import { meaningsOf, weightOf } from './words.ts'

/** Something the instructions say that answers a caller. */
export interface Fact {
  readonly speech: string
  /** How much of the question is in it. */
  readonly weight: number
}

/** An answer shares at least this part of the question's words. */
const SHARE = 0.4

/** The sentence of the instructions with most of the words in it, as the agent says it to the caller. */
export function factFor(words: string, instructions: string): Fact | undefined {
  const asked = [...meaningsOf(words)]
  const whole = asked.reduce((sum, meaning) => sum + weightOf(meaning), 0)
  const sentences = readInstructions(instructions)
  let best: Fact | undefined
  for (const sentence of sentences) {
    const weight = sharedWeight(asked, sentence)
    if (weight < 0.9 || weight < SHARE * whole || weight <= (best?.weight ?? 0)) continue
    const speech = speechFor(sentence, sentences)
    if (speech !== '') best = { speech, weight }
  }
  return best
}

function sharedWeight(asked: readonly string[], { text, heading }: Sentence): number {
  const [own, above] = [meaningsOf(text), meaningsOf(heading)]
  return asked.reduce(
    (sum, meaning) => sum + weightOf(meaning) * (own.has(meaning) ? 1 : above.has(meaning) ? 0.5 : 0),
    0
  )
}

/** A fact as it is, an instruction as what it has the agent say; then what the same line has it say besides. */
function speechFor(sentence: Sentence, all: readonly Sentence[]): string {
  const { text, line } = sentence
  // What is said of a tool is for the agent alone.
  if (/\p{L}_\p{L}/u.test(text)) return ''
  const own = directed(text, { business: undefined }) ?? grammarOf(text).toCaller(text)
  const after = all.slice(all.indexOf(sentence) + 1).filter((other) => other.line === line)
  return [own, ...after.map((other) => directed(other.text, { business: undefined }) ?? '')]
    .filter((part) => part !== '')
    .map((part) => `${part[0]?.toUpperCase()}${part.slice(1)}`)
    .map((part) => (/[.!?]["”]?$/.test(part) ? part : `${part.replace(/[;:,]$/, '')}.`))
    .join(' ')
}
