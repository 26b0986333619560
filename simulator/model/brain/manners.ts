import { folded } from './words.ts'

/** Whether one of these is said: sentences of everybody's, whoever they ring. */
const said = (pattern: string) => {
  const words = new RegExp(`\\b(?:${pattern})\\b`)
  return (text: string): boolean => words.test(folded(text).join(' '))
}

const parts = said(
  'bye|goodbye|good bye|farewell|that s all|that is all|that will be all|nothing else|hang up|tschuss|auf wiederhoren|auf wiedersehen|das ist alles|das war s|das war alles|adios|hasta luego|hasta pronto|nada mas|eso es todo'
)
const asks = said(
  'what|when|where|which|who|how|why|do you|are you|is there|are there|is it|does|did|wie|was|wann|wo|wer|welche|welcher|welches|haben sie|hat ihr|gibt es|sind sie|ist das|cual|cuales|que|cuando|donde|como|cuanto|cuanta|cuestan?|hay|tienen|esta|estan'
)
const requests = said(
  'i d like|i would like|i want|i need|please|can i (?:have|get|order|book|leave|speak|talk)|could i|may i|can you|could you|would you|ich mochte|ich hatte|ich brauche|ich will|kann ich|konnte ich|konnen sie|konnten sie|bitte|quiero|quisiera|necesito|puedo|puede|me gustaria|por favor'
)

/** The caller says goodbye and asks for nothing more. */
export const isFarewell = (words: string): boolean => parts(words) && !words.includes('?')

/** The caller wants to know something, rather than to have something done. */
export const isAsking = (words: string): boolean =>
  (asks(words) || words.includes('?')) &&
  !(
    requests(words) &&
    !/^\W*(?:\w+\W+){0,2}(?:what|when|where|which|who|how|why|wie|was|wann|wo|wer|welche\w?|cuál|qué|cuándo|dónde|cómo|cuánto)(?!\p{L})/iu.test(
      words
    )
  )

export const isCancel = said(
  'never mind|forget it|forget that|cancel that|leave it|no thanks|no thank you|vergiss es|vergessen sie es|egal|nein danke|schon gut|olvidelo|dejelo|no gracias'
)
export const isWaiting = said(
  'one moment|a moment|just a (?:moment|second|minute|sec)|hold on|hang on|give me a (?:moment|second|minute)|bear with me|einen moment|moment bitte|augenblick|un momento|un segundo|espere'
)
export const isThanks = said('thanks|thank you|danke|vielen dank|gracias')
export const isHello = said(
  'hello|hi|hey|good morning|good afternoon|good evening|hallo|guten tag|guten morgen|guten abend|hola|buenos dias|buenas tardes'
)
export const isAboutAi = said(
  '(?:are you|is this|am i (?:talking|speaking) to) (?:a |an )?(?:real |human|robot|ai|bot|machine|computer|person)\\w*|sind sie (?:ein |eine )?(?:echter? |mensch|roboter|ki|maschine)\\w*|(?:eres|es usted) (?:un |una )?(?:robot|persona|maquina|ia|humano)'
)
export const isAboutUs = said(
  'what can you do|what do you do|what do you offer|how can you help|what can i (?:do|ask)|who are you|was konnen sie|womit konnen|was machen sie|wer sind sie|que puede hacer|en que puede|quien es usted'
)
