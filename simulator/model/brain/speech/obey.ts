import { type Language, languageOf } from '../../../sound/language.ts'
import { sentencesOf } from '../instructions.ts'
import { english } from './english.ts'
import { german } from './german.ts'
import type { About, Grammar } from './grammar.ts'
import { PHRASES } from './phrases.ts'
import { spanish } from './spanish.ts'

const GRAMMARS: Readonly<Record<Language, Grammar>> = { en: english, de: german, es: spanish }

export const grammarOf = (text: string): Grammar => GRAMMARS[languageOf(text) ?? 'en']

/** An instruction as what is said on it; empty when it asks for nothing that these rules can say. */
export function obey(instruction: string, about: About): string {
  return quotedIn(instruction) ?? inLanguageNamed(instruction, about) ?? spokenFor(instruction, about)
}

/** What a sentence asks to be said, also within other sentences; undefined when it asks for nothing. */
export function directed(sentence: string, about: About): string | undefined {
  const language = languageOf(sentence)
  for (const grammar of language ? [GRAMMARS[language]] : Object.values(GRAMMARS)) {
    const made = grammar.clauses(sentence).map((clause) => grammar.speech(clause, about))
    if (made.some((part) => part !== undefined)) return joined(made.filter((part) => part !== undefined))
  }
  return undefined
}

/** What is written in quotation marks is meant word for word, unless it must not be said. */
export function quotedIn(text: string): string | undefined {
  const meant = sentencesOf(text).filter(
    (sentence) => !/\b(?:never|not|don't|nicht|niemals|no digas|nunca)\b/i.test(sentence)
  )
  const quoted = meant.flatMap((sentence) =>
    [...sentence.matchAll(/["“„«]([^"“”„«»]{3,})["”“»]/g)].map(([, words = '']) => words.trim())
  )
  return quoted.length > 0 ? quoted.join(' ') : undefined
}

function spokenFor(instruction: string, about: About): string {
  const said: string[] = []
  const statements: string[] = []
  for (const sentence of sentencesOf(instruction)) {
    const made = directed(sentence, { ...about, before: statements.at(-1) })
    if (made === undefined) statements.push(sentence)
    else if (made !== '') said.push(made)
  }
  return joined(said)
}

/** What an instruction states about the caller, said to them. */
export function stated(instruction: string): string {
  const statements = sentencesOf(instruction).filter(
    (sentence) => directed(sentence, { business: undefined }) === undefined
  )
  const told = statements.map((sentence) => grammarOf(sentence).toCaller(sentence))
  return told.map((sentence) => (sentence[0]?.toUpperCase() ?? '') + sentence.slice(1)).join(' ')
}

/** What something has answered, where that is the news: "The tool … answered: …" */
export const answerIn = (news: string): string | undefined => news.match(/^[^.:]*\banswered: (.+)$/is)?.[1]

const NAMED: readonly [Language, RegExp][] = [
  ['de', /\b(?:in|auf) (?:German|Deutsch)\b/i],
  ['es', /\b(?:in Spanish|en español)/i],
  ['en', /\b(?:in English|auf Englisch|en inglés)/i]
]

/** "Greet the caller in German": these rules do not translate, but know how one greets and takes leave. */
function inLanguageNamed(instruction: string, { business }: About): string | undefined {
  const named = NAMED.find(([, pattern]) => pattern.test(instruction))?.[0]
  if (!named || named === languageOf(instruction)) return undefined
  const says = PHRASES[named]
  if (/goodbye|farewell|verabschied|despíd/i.test(instruction)) return says.goodbye
  const name = business ? `, ${says.thisIs(business)}` : ''
  const ai = /\b(?:AI|KI|IA)\b/.test(instruction) ? ` ${says.iAmAnAi}` : ''
  return `${says.hello}${name}.${ai} ${says.help}`
}

/** "Hello." and "This is …" are one sentence, and nothing is said twice. */
function joined(said: readonly string[]): string {
  const once = said.filter(
    (part, at) =>
      part !== '' &&
      !said.slice(0, at).some((before) => before.toLowerCase().includes(part.toLowerCase().replace(/[.!?]$/, '')))
  )
  return once
    .join(' ')
    .replace(
      /^(Hello|Hi|Guten Tag|Hola)[.!] (This is|Hier ist|Le atiende)/,
      (_, hello: string, is: string) => `${hello}, ${is.toLowerCase()}`
    )
}
