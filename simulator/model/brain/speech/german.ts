import { byRule, type Grammar, type Rule } from './grammar.ts'
import { PHRASES, sentence } from './phrases.ts'

const says = PHRASES.de

const OPENERS = 'dass|ob|wie|was|wer|wen|wann|wo|womit|wobei|welche[rsmn]?'
const VERBS =
  'sag|teil|erklär|erwähn|nenn|frag|begrüß|eröffne|melde|stell|verabschied|bedank|dank|entschuldig|biete|bitte|mach|fahr|antworte|sprich|gib|nimm|leite|verbinde|beende|lege|leg|warte|schau|such|wiederhol|bestätig|vermeide|beginne|starte|hör|fass|verweis|informier|kündig|grüß|setz'
const SPLIT = new RegExp(
  String.raw`\s*[:;]\s+|,?\s+(?:und|dann|aber|oder)(?: dann| auch)?\s+(?=(?:${VERBS}|(?:${OPENERS})\b))|,\s+(?=(?:${VERBS}))`,
  'i'
)
const MANNER =
  /\b(?:(?:in|mit) (?:einem|wenigen|zwei|ein oder zwei)(?: (?:kurzen|freundlichen|einzigen))* (?:satz|sätzen|worten)|auf (?:deutsch|englisch|spanisch)|kurz|freundlich|höflich|laut)\b,?/gi

export const german: Grammar = {
  clauses(text) {
    let verb = ''
    return text.split(SPLIT).map((clause) => {
      const plain = clause
        .replace(/^(?:zuerst|jetzt|dann|bitte(?= sag| frag)|auch|danach)\s+/i, '')
        .replaceAll(MANNER, '')
        .replaceAll(/\s+(?=[,.]|\s|$)/g, '')
        .replace(/[,.]$/, '')
        .trim()
      if (new RegExp(`^(?:${OPENERS})\\b`, 'i').test(plain)) return verb ? `${verb}, ${plain}` : plain
      verb = plain.match(/^(?:sag|frag|erklär|teil)\p{L}*/iu)?.[0] ?? ''
      return plain
    })
  },
  speech(clause, about) {
    if (/\bnicht\b|\bkein/i.test(clause) && !/\bdass\b/.test(clause) && new RegExp(`^(?:${VERBS})`, 'i').test(clause))
      return ''
    return byRule(RULES, clause, about) ?? (new RegExp(`^(?:${VERBS})`, 'i').test(clause) ? '' : undefined)
  },
  toCaller: (text) => text.replaceAll(THIRD, (_, person: string) => CASES[person.slice(0, 3).toLowerCase()] ?? 'Sie')
}

const RULES: Rule[] = [
  [/verabschied|auf wieder(?:hören|sehen)|tschüss/i, () => says.goodbye],
  [/^(?:sag|teil|erklär|erwähn|informier|kündig)\p{L}*\b.*?\bdass (.+)$/iu, ([, what = '']) => statement(what)],
  [
    /^(?:sag|nenn|erklär)\p{L}*\b.*\b(?:wer|welche|namen|heißt)\b/iu,
    (_, { business }) => (business ? sentence(says.thisIs(business)) : '')
  ],
  [/^(?:sag|frag)\p{L}*\b.*?(?:sorry|entschuldigung)/iu, () => says.sorry],
  [/^frag\p{L}*\b.*?\bob (.+)$/iu, ([, what = '']) => question('', what)],
  [/^frag\p{L}*\b.*?\bnach (.+)$/iu, ([, what = '']) => `Darf ich nach ${german.toCaller(what)} fragen?`],
  [
    /^frag\p{L}*\b.*?\b(wie viele?(?: \p{L}+)?|welche[rsmn]?(?: \p{L}+)?|(?:um|für) [^,]*?wie viel uhr|für wann|wie|was|wann|wo|wer|wen|womit|wobei) (.+)$/iu,
    ([, word = '', what = '']) => question(word, what)
  ],
  [/^entschuldig/i, () => says.sorry],
  [
    /^(?:bedank|dank)\p{L}*\b.*?(?:\b(für .+))?$/iu,
    ([, what = '']) => sentence(`${says.thanks} ${german.toCaller(what)}`)
  ],
  [
    /^(?:begrüß|grüß|eröffne|melde|beginne|starte|stell\p{L}* dich|nimm (?:den|das) (?:anruf|gespräch))/iu,
    (_, { business }) => (business ? `${says.hello}, ${says.thisIs(business)}.` : `${says.hello}.`)
  ],
  [/^biete\p{L}*\b.*?\ban, (.+)$/iu, ([, what = '']) => says.shall(plainVerb(german.toCaller(what)))],
  [/^biete\p{L}* (?:Sie |ihm |ihr |ihnen )?(.+) an$/iu, ([, what = '']) => sentence(`möchten Sie ${what}`, '?')],
  [
    /^bitte\p{L}*\b.*?, (.+)$/iu,
    ([, what = '']) => sentence(`könnten Sie bitte ${plainVerb(german.toCaller(what))}`, '?')
  ],
  [/^(?:mach|fahr)\p{L}*\b.*\b(?:weiter|fort)\b/iu, () => says.goOn],
  [/^sag\p{L}* (?!nichts)(.+)$/iu, ([, what = '']) => sentence(german.toCaller(what))]
]

const THIRD = /\b((?:der|den|dem|die) (?:Anrufer(?:in)?|Kund(?:e|en|in)|Gast|Gäste)|er|ihm|ihn|ihr|ihnen)\b/gi
const CASES: Readonly<Record<string, string>> = { dem: 'Ihnen', ihm: 'Ihnen', ihr: 'Ihnen', ihn: 'Sie' }

/** The verb of a subordinate clause for whoever acts now: "du … bist" is "ich bin". */
const FIRST: Readonly<Record<string, string>> = {
  bist: 'bin',
  kannst: 'kann',
  hast: 'habe',
  willst: 'will',
  musst: 'muss',
  darfst: 'darf',
  möchtest: 'möchte',
  wirst: 'werde',
  weißt: 'weiß'
}
const POLITE: Readonly<Record<string, string>> = {
  ist: 'sind',
  hat: 'haben',
  kann: 'können',
  will: 'wollen',
  muss: 'müssen',
  darf: 'dürfen',
  möchte: 'möchten',
  wird: 'werden',
  braucht: 'brauchen'
}

/** A subordinate clause, whose verb is at its end, in parts. */
function parts(clause: string): { subject: string; verb: string; rest: string } {
  const [, who = '', between = '', verb = ''] =
    clause.match(
      /^((?:der|die|das|den|ein|eine|unser|unsere|mein|dein|euer)\s+(?:\p{Ll}+\s+)*\p{Lu}[\p{L}-]*|\p{L}+)\s*(.*?)\s*([\p{L}]+)$/u
    ) ?? []
  const rest = between.replaceAll(/\bdein(e[rnms]?)?\b/g, 'mein$1')
  if (/^du$/i.test(who)) return { subject: 'ich', verb: FIRST[verb] ?? verb.replace(/e?st$/, 'e'), rest }
  const subject = german.toCaller(who)
  if (subject === who) return { subject, verb, rest: german.toCaller(rest) }
  return { subject: 'Sie', verb: POLITE[verb] ?? verb.replace(/e?t$/, 'en'), rest }
}

function statement(clause: string): string {
  const { subject, verb, rest } = parts(clause)
  return sentence(`${subject} ${verb} ${rest}`)
}

function question(word: string, clause: string): string {
  const { subject, verb, rest } = parts(clause)
  const helped = rest.replace(/(?<!Ihnen )\bhelfen$/, 'Ihnen helfen')
  return sentence(`${word} ${verb} ${subject} ${helped}`.replaceAll(/\s+/g, ' ').trim(), '?')
}

/** "eine Nachricht aufzunehmen" as "eine Nachricht aufnehmen" */
const plainVerb = (what: string): string =>
  what.replace(/\bzu (\p{L}+)$/u, '$1').replace(/(\p{L}+)zu(\p{L}+en)$/u, '$1$2')
