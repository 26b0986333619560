export type Language = 'en' | 'de' | 'es'

/** Frequent words that the other two languages do not have. */
const MARKERS: Record<Language, ReadonlySet<string>> = {
  en: words(`the and is are am you your we our they it this that i i'm i'd what when where how which why with of for to from
    on at please hello hi thanks thank goodbye bye yes not there have has do does can could would like want my name say ask
    tell greet open closed call caller one two three let look sorry help anything`),
  de: words(`der das den dem ist sind ich sie wir ihr ihre ihnen mein meine du und oder aber nicht kein keine ein eine einen
    einer wie wann wo wer welche welcher warum mit von für auf zu zum zur bei bitte danke hallo guten tag gern gerne ja nein
    heute morgen möchte kann können haben hätte habe auch noch sonst uhr um auf wiederhören wiedersehen tschüss sag frag dass
    es tut leid vielen dank`),
  es: words(`el los las del al es son está están soy yo usted ustedes mi su sus y o pero un una unos qué cómo cuándo dónde
    quién cuál cuánto por para con sin gracias hola buenos buenas días tardes sí hoy mañana quiero quisiera puedo puede puedes
    tiene tengo di pregunta adiós llamada llamar favor lo siento algo más`)
}

/** Letters that decide where words do not. */
const LETTERS: [Language, RegExp][] = [
  ['de', /[äöüß]/i],
  ['es', /[ñ¿¡]/i]
]

const VOICES: Record<Language, string> = { en: 'en-us', de: 'de', es: 'es' }

/** The language most of whose frequent words are in the text; undefined when there are none, or as many of another. */
export function languageOf(text: string): Language | undefined {
  const said = text.toLowerCase().match(/[\p{L}']+/gu) ?? []
  const score = (language: Language) =>
    said.filter((word) => MARKERS[language].has(word)).length +
    LETTERS.filter(([of, letters]) => of === language && letters.test(text)).length
  const [[best, most], [, next]] = (['en', 'de', 'es'] as const)
    .map((language) => [language, score(language)] as const)
    .toSorted(([, one], [, other]) => other - one) as [readonly [Language, number], readonly [Language, number]]
  return most > next ? best : undefined
}

/** The eSpeak NG voice for a text. */
export function voiceFor(text: string): string {
  return VOICES[languageOf(text) ?? 'en']
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/))
}
