import { type About, byRule, type Grammar, type Rule } from './grammar.ts'
import { PHRASES, sentence } from './phrases.ts'

const says = PHRASES.en

const TELL = 'say|tell|inform|let|explain|mention|state|announce|add|confirm'
const VERBS = `${TELL}|ask|offer|greet|welcome|open|answer|introduce|thank|apologi[sz]e|wish|invite|go on|continue|carry|resume|finish|bring|end|close|hang|hand|do not|don't|never|avoid|keep|speak|be|use|give|wait|call|take|check|look|put|stay|read|repeat|find|work|promise|respond|reply|remember|help|make|start|begin|pick|transfer|forward|only|always|respect|collect|note|write|book|cancel|stop|switch|treat|act|sound|refer|point|suggest|recommend|listen|try|if needed`
const OPENERS = 'that|which|who|whom|how|what|when|where|whether|if|goodbye|farewell'
const PEOPLE = '(?:callers?|customers?|guests?|clients?|visitors?)'
const CALLER = `(?:the|this|your|any|every|each) ${PEOPLE}`
const THEM = `(?:to )?(?:${CALLER}|${PEOPLE}|them|him|her|everybody)`

const AND = new RegExp(
  String.raw`,?\s+(?:and|then|but)(?: then| also)?\s+(?=(?:${VERBS}|${OPENERS})\b)|,\s+(?=(?:${VERBS})\b)`,
  'i'
)
const STARTS = new RegExp(`^(?:${VERBS})\\b`, 'i')
/** How something is to be said, which is no part of it. */
const MANNER =
  /\b(?:in (?:one|a|an|two|a few|one or two|no more than \w+)(?: (?:short|brief|single|friendly|polite|warm|or two))* (?:sentences?|words?|phrases?)|in (?:German|English|Spanish)|(?:out loud|aloud|briefly|politely|warmly|kindly|plainly|gently|cheerfully|clearly)|in this same turn|(?:before|when|whenever) you (?:call|use) (?:this|it)(?: tool)?|(?:as|with) a question)\b,?/gi

export const english: Grammar = {
  clauses(text) {
    let verb = ''
    return text.split(/\s*[:;]\s+/).flatMap((part) =>
      part.split(AND).map((clause) => {
        const plain = clause
          .replace(/^you (?:should|may|can|must|will|need to|have to) (?:also |always |then )?/i, (modal) =>
            STARTS.test(clause.slice(modal.length)) ? '' : modal
          )
          .replace(
            /^(?:first|now|then|please|just|simply|also|always|once|again|finally|next|kindly|politely|briefly|warmly),?\s+/i,
            ''
          )
          .replaceAll(MANNER, '')
          .replaceAll(/\s+(?=[,.]|\s|$)/g, '')
          .replace(/[,.]$/, '')
          .trim()
        const inherits = new RegExp(`^(?:${OPENERS})\\b`, 'i').test(plain)
        if (inherits && verb !== '' && !/^(?:if|when)\b/i.test(plain)) return `${verb} ${plain}`
        verb =
          plain.match(new RegExp(`^(?:(?:${TELL})(?: ${THEM})?(?: know)?|ask(?: ${THEM})?)(?= |$)`, 'i'))?.[0] ?? ''
        return plain
      })
    )
  },
  speech(clause, about) {
    return byRule(RULES, clause, about) ?? (STARTS.test(clause) ? '' : undefined)
  },
  toCaller
}

const wh = String.raw`((?:how|what|when|where|which|who|whom|why)\b.*)`

const RULES: Rule[] = [
  [/^(?:do not|don't|never|avoid)\b/i, () => ''],
  [/^(?:say|wish|bid|tell)\b.*\b(?:goodbye|good-bye|farewell|bye)\b/i, () => says.goodbye],
  [
    /^(?:say|wish|tell)\b[^.]*?\b(hello|hi|good (?:morning|afternoon|evening))\b/i,
    ([, hello = '']) => sentence(hello, '!')
  ],
  [
    /^welcome (?:the |them |him |her |callers? |customers? |guests? )+to (.+)$/i,
    ([, place = '']) => sentence(`welcome to ${place}`)
  ],
  [
    /^(?:greet|answer the|pick up)\b.*?\b(?:as|with the name) (.+)$/i,
    ([, name = '']) => `${says.hello}, ${says.thisIs(name)}.`
  ],
  [
    /^(?:greet|welcome|(?:open|start|begin) (?:the|this|every|each)|answer (?:the|this|every|each)|pick up)\b/i,
    (_, about) => hello(about)
  ],
  [/^introduce yourself as (.+)$/i, ([, name = '']) => sentence(`I am ${name}`)],
  [/^introduce yourself/i, (_, { business }) => (business ? sentence(says.thisIs(business)) : says.iAmAnAi)],
  [
    new RegExp(
      `^(?:${TELL})(?: ${THEM})? (?:which|what|who|where|the name|your name).*\\b(?:this is|we are|you are|is calling|name|they have reached|they reached|you work|you answer)$|^(?:${TELL})(?: ${THEM})? (?:the name of|your name|the name)\\b`,
      'i'
    ),
    (_, { business }) => (business ? sentence(says.thisIs(business)) : '')
  ],
  [/^(?:say|tell (?:them|the caller)) so$/i, (_, { before }) => (before ? sentence(toCaller(before)) : '')],
  [/^say (?:that you are |you're )?sorry|^apologi[sz]e/i, () => says.sorry],
  [new RegExp(`^(?:${TELL})(?: ${THEM})?(?: know)? that (.+)$`, 'i'), ([, what = '']) => sentence(toCaller(what))],
  [
    new RegExp(`^(?:tell|remind|invite|advise|urge|request)(?: ${THEM})? to (.+)$`, 'i'),
    ([, what = '']) => please(what)
  ],
  [new RegExp(`^(?:${TELL})(?: ${THEM})?(?: know)? ${wh}$`, 'i'), ([, what = ''], about) => filled(what, about)],
  [new RegExp(`^(?:tell|inform)(?: ${THEM})? (?:about|of)\\b`, 'i'), () => ''],
  [
    new RegExp(`^(?:say|tell(?: ${THEM})?|let(?: ${THEM})? know) ((?!nothing|numbers|no\\b).+)$`, 'i'),
    ([, what = '']) => sentence(toCaller(what))
  ],
  [/^ask (?:again|once more)/i, () => says.again],
  [new RegExp(`^ask(?: ${THEM})? (?:whether|if) (.+)$`, 'i'), ([, what = '']) => question(toCaller(what))],
  [new RegExp(`^ask(?: ${THEM})? ${wh}$`, 'i'), ([, what = '']) => whQuestion(toCaller(what))],
  [new RegExp(`^ask(?: ${THEM})? to (.+)$`, 'i'), ([, what = '']) => please(what)],
  [new RegExp(`^ask(?: ${THEM})? (?:for |about )?(.+)$`, 'i'), ([, what = '']) => says.tellMe(toCaller(what))],
  [/^offer to (.+)$/i, ([, what = '']) => says.shall(toCaller(what).replaceAll(/ (or|and) to /g, ' $1 '))],
  [
    /^offer that (.+?) (\w+?)s\b(.*)$/i,
    ([, who = '', verb = '', rest = '']) => sentence(`shall ${toCaller(who)} ${verb}${toCaller(rest)}`, '?')
  ],
  [
    /^offer (?:(?:(?:one|two|three|some|any|both|a few|all)(?: \w+)? of )?(?:these|those|them|it)|(?:one|two|three|some|a few))\b/i,
    () => says.which
  ],
  [/^offer (?:what|whatever)\b/i, () => ''],
  [/^offer (?:them |the caller )?(.+)$/i, ([, what = '']) => sentence(`would you like ${toCaller(what)}`, '?')],
  [/^thank\b(?:.*?\b(for .+))?/i, ([, what = '']) => sentence(`${says.thanks} ${toCaller(what)}`)],
  [/^wish (?:them|the caller|him|her) (.+)$/i, ([, what = '']) => sentence(`have ${what}`)],
  [/^(?:go on|continue|carry on|resume|finish)\b/i, () => says.goOn]
]

const hello = ({ business }: About): string =>
  business ? `${says.hello}, ${says.thisIs(business)}.` : `${says.hello}.`

const please = (what: string): string => sentence(`please ${toCaller(what)}`)

/** "who you are putting them through to" has a gap at its end, which an argument fills. Without one nothing can be said. */
function filled(what: string, { argument }: About): string {
  const [, rest = ''] = what.match(/^(?:who|whom|where|which \w+|what)\s+(.+\b(?:to|with|for|at|on))$/i) ?? []
  return rest && argument ? sentence(`${toCaller(rest)} ${argument}`) : ''
}

const AUXILIARY = 'am|are|is|was|were|can|could|will|would|shall|should|may|might|must'
const SUBJECT = String.raw`(?:I|you|we|they|he|she|it|there|this|that|somebody|someone|(?:the|a|an|my|your|our|his|her|their|any|every) (?:\w+ ){0,2}?\w+|\p{L}+)`

/** "you are still there" as "Are you still there?" */
function question(statement: string): string {
  const [, subject = '', verb = '', rest = ''] =
    statement.match(
      new RegExp(`^(${SUBJECT}) (${AUXILIARY}|ha(?:ve|s|d)(?= (?:been|got|had|\\w+ed)\\b))\\b(.*)$`, 'u')
    ) ?? []
  if (verb !== '') return sentence(`${verb} ${subject}${rest}`, '?')
  const [, third, what] =
    statement.match(/^((?:the|a|an|this|that|somebody|someone|it|he|she)\b(?: \w+)*?) (\w+s\b.*)$/) ?? []
  if (third && what) return sentence(`does ${third} ${what.replace(/^(\w+?)s\b/, '$1')}`, '?')
  return sentence(`do ${statement}`, '?')
}

/** "how I can help" as "How can I help you?" */
function whQuestion(statement: string): string {
  const [, word = '', rest = ''] =
    statement.match(
      /^((?:how (?:many|much)(?: \w+)?|how (?!you\b|I\b|we\b|they\b|it\b|he\b|she\b|to\b|(?:the|a|an|my|your|this|that)\b)\w+|which(?: (?!you\b|I\b|we\b)\w+)?|what (?:time|day|date|kind of \w+|size|name|number|sort of \w+)|how|what|when|where|who|whom|why))\b\s*(.*)$/i
    ) ?? []
  if (new RegExp(`^(?:${AUXILIARY}|has|have|does|do)\\b`).test(rest)) return sentence(statement, '?')
  const asked = question(rest).replace(/\bhelp\?$/, 'help you?')
  return sentence(`${word} ${asked[0]?.toLowerCase()}${asked.slice(1)}`.replace(/ (i)\b/g, ' I'), '?')
}

const SINGULAR: Readonly<Record<string, string>> = { is: 'are', has: 'have', does: 'do', was: 'were' }
const AFTER = new RegExp(
  String.raw`\b(you are|you're|you were|yourself|yours|your|you|(?:${CALLER})'s|they are|they're|they|their|theirs|them|themselves|${CALLER}(?: (?:is|has|does|was|\w+s)\b)?)(?![\w'])`,
  'gi'
)

/** "you" is the agent and "the caller" whoever is spoken to. */
function toCaller(text: string): string {
  return text.replaceAll(AFTER, (found: string, _group: string, at: number) => {
    const lower = found.toLowerCase()
    const fixed = SWAPS[lower]
    if (fixed !== undefined) return fixed
    if (lower === 'you') return isObject(text.slice(0, at), text.slice(at + 3)) ? 'me' : 'I'
    if (lower.endsWith("'s")) return 'your'
    const [, verb = ''] = lower.match(/\b(?:callers?|customers?|guests?|clients?|visitors?) (\w+)$/) ?? []
    return verb === '' ? 'you' : `you ${SINGULAR[verb] ?? verb.replace(/(?<=ss|sh|ch|x|o)es$|s$/, '')}`
  })
}

const SWAPS: Readonly<Record<string, string>> = {
  'you are': 'I am',
  "you're": 'I am',
  'you were': 'I was',
  yourself: 'myself',
  yours: 'mine',
  your: 'my',
  'they are': 'you are',
  "they're": 'you are',
  they: 'you',
  their: 'your',
  theirs: 'yours',
  them: 'you',
  themselves: 'yourself'
}

/** After a verb or a preposition, and before none, "you" is not the one who acts. */
function isObject(before: string, after: string): boolean {
  const follows =
    /\b(?:to|for|with|by|at|from|of|about|tells?|told|calls?|called|gives?|gave|helps?|reach(?:es|ed)?|asks?|asked|lets?|lost|hears?|heard)\s$/i.test(
      before
    )
  return follows && !/^\s(?:can|could|are|were|have|had|will|would|may|must|should|do|did)\b/i.test(after)
}
