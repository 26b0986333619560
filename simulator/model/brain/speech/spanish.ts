import { byRule, type Grammar, type Rule } from './grammar.ts'
import { PHRASES, sentence } from './phrases.ts'

const says = PHRASES.es

const OPENERS = 'que|si|cómo|qué|quién|cuándo|dónde|cuál|en qué'
const VERBS =
  'di|dile|diga|dígale|informa|explica|menciona|pregunta|pregúntale|pregunte|saluda|salude|abre|abra|contesta|conteste|preséntate|preséntese|despídete|despídase|agradece|agradezca|da|dé|discúlpate|discúlpese|pide|pídele|pida|ofrece|ofrécele|ofrezca|continúa|continúe|sigue|siga|responde|habla|no|toma|espera|busca|confirma|repite|empieza|comienza'
const SPLIT = new RegExp(
  String.raw`\s*[:;]\s+|,?\s+(?:y|e|luego|pero|o)(?: luego| después| también)?\s+(?=(?:${VERBS}|${OPENERS})(?![\p{L}]))|,\s+(?=(?:${VERBS})(?![\p{L}]))`,
  'iu'
)
const MANNER =
  /(?:con|en) (?:una|pocas|dos|una o dos)(?: (?:sola|frase|frases|palabras|breve|corta|cortas|amable))+|en (?:español|inglés|alemán)|(?<!\p{L})(?:brevemente|amablemente|en voz alta)/giu

const STARTS = new RegExp(`^(?:${VERBS})(?!\\p{L})`, 'iu')

export const spanish: Grammar = {
  clauses(text) {
    let verb = ''
    return text.split(SPLIT).map((clause) => {
      const plain = clause
        .replace(/^(?:primero|ahora|luego|después|también),?\s+/i, '')
        .replaceAll(MANNER, '')
        .replaceAll(/\s+(?=[,.]|\s|$)/g, '')
        .replace(/[,.]$/, '')
        .trim()
      if (verb && new RegExp(`^(?:${OPENERS})(?!\\p{L})`, 'iu').test(plain)) return `${verb} ${plain}`
      verb = plain.match(/^(?:di|dile|diga|dígale|pregunta|pregúntale|pregunte)(?!\p{L})/iu)?.[0] ?? ''
      return plain
    })
  },
  speech(clause, about) {
    return byRule(RULES, clause, about) ?? (STARTS.test(clause) ? '' : undefined)
  },
  toCaller
}

const RULES: Rule[] = [
  [/^no(?!\p{L})/iu, () => ''],
  [/^(?:despíd|di(?:ga|le)? adiós)/iu, () => says.goodbye],
  [
    /^(?:di|dile|diga|dígale|informa|explica|menciona)(?!\p{L}).*?(?<!\p{L})que (.+)$/iu,
    ([, what = '']) => sentence(toCaller(what))
  ],
  [
    /^(?:di|diga)(?!\p{L}).*(?:quién|nombre|llama)/iu,
    (_, { business }) => (business ? sentence(says.thisIs(business)) : '')
  ],
  [/^pregunt\p{L}*.*?(?<!\p{L})si (.+)$/iu, ([, what = '']) => `¿${sentence(toCaller(what), '?')}`],
  [
    /^pregunt\p{L}*.*?(?<!\p{L})((?:en qué|cómo|qué|quién|cuándo|dónde|cuál|a qué hora)(?!\p{L}).+)$/iu,
    ([, what = '']) => `¿${sentence(toCaller(what), '?')}`
  ],
  [/^(?:pregunt\p{L}* por|pide|pídele|pida) (.+)$/iu, ([, what = '']) => says.tellMe(toCaller(what))],
  [
    /^(?:saluda|salude|abre|abra|contesta|conteste|empieza|comienza|presént)/iu,
    (_, { business }) => (business ? `${says.hello}, ${says.thisIs(business)}.` : `${says.hello}.`)
  ],
  [/^(?:agradece|agradezca|da(?:le)? las gracias|dé las gracias)/iu, () => `${says.thanks}.`],
  [/^(?:discúlp|pide perdón|pide disculpas)/iu, () => says.sorry],
  [
    /^(?:ofrece|ofrécele|ofrezca) (\p{L}+(?:ar|er|ir)(?:le|lo|la)?(?!\p{L}).*)$/iu,
    ([, what = '']) => says.shall(toCaller(what))
  ],
  [/^(?:ofrece|ofrécele|ofrezca) (.+)$/iu, ([, what = '']) => `¿${sentence(`quiere ${what}`, '?')}`],
  [/^(?:continúa|continúe|sigue|siga)/iu, () => says.goOn],
  [/^(?:di|dile|diga) (?!nada)(.+)$/iu, ([, what = '']) => sentence(toCaller(what))]
]

const FIRST: Readonly<Record<string, string>> = {
  eres: 'soy',
  estás: 'estoy',
  puedes: 'puedo',
  tienes: 'tengo',
  vas: 'voy',
  quieres: 'quiero',
  tu: 'mi',
  tus: 'mis'
}

/** "eres" is the agent and "el cliente" whoever is spoken to. */
function toCaller(text: string): string {
  return text
    .replaceAll(/\p{L}+/gu, (word) => FIRST[word.toLowerCase()] ?? word)
    .replaceAll(/(?<!\p{L})(?:el cliente|la clienta|la persona que llama|quien llama|la persona)(?!\p{L})/giu, 'usted')
    .replace(/(?<!\p{L})(ayudar|ayudarlo|ayudarla)$/iu, 'ayudarle')
}
