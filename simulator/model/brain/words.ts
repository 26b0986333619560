/**
 * Words as far as this model understands them: small ones say nothing, endings do not matter, and some words of three
 * languages mean the same. The list holds what people say on any business's phone, and nothing of one trade.
 */
const SAME: readonly string[] = [
  'price prices cost costs fee fees charge expensive cheap pay pays paid payment payments | preis preise kosten kostet teuer bezahlen zahlen | precio precios cuesta cuestan cuanto coste caro pagar',
  'open opens opened opening hours close closed closes closing | offen geöffnet öffnungszeiten öffnet öffnen geschlossen schließt | abierto abierta abren abre horario cerrado cierra cierran',
  'book booking reserve reservation schedule | buchen buchung reservieren reservierung termin | reservar reserva cita',
  'order orders ordered ordering | bestellen bestellung bestelle bestellt | pedir pedido encargar encargo',
  'message note | nachricht ausrichten | mensaje recado',
  'person people somebody someone anybody nobody human colleague staff operator | mensch mitarbeiter mitarbeiterin jemand jemanden jemandem person kollege kollegin | persona alguien operador empleado',
  'speak talk | sprechen reden | hablar',
  'park parking | parken parkplatz parkplätze | aparcar aparcamiento estacionar',
  'deliver delivery delivered delivers | liefern lieferung liefert geliefert | entregar entrega envío domicilio',
  'address where located location street directions | adresse wo straße standort | dirección dónde calle ubicación',
  'menu | speisekarte karte | menú carta',
  'cancel cancelled | stornieren absagen | cancelar anular',
  'change move postpone | verschieben ändern | cambiar mover',
  'bill receipt | rechnung | factura',
  'small | klein kleine kleinen | pequeña pequeño',
  'medium | mittel mittlere mittelgroße | mediana mediano',
  'large big | groß große großen | grande',
  'morning | vormittag vormittags | mañana',
  'afternoon | nachmittag nachmittags | tarde',
  'evening tonight | abend abends | noche',
  'free | kostenlos gratis umsonst | gratis',
  'email mail | mail | correo',
  'ai robot bot machine computer | ki roboter maschine | ia máquina',
  'day days date weekday today tomorrow monday tuesday wednesday thursday friday saturday sunday mondays tuesdays wednesdays thursdays fridays saturdays sundays | tag datum wochentag heute morgen montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag | día fecha hoy lunes martes miércoles jueves viernes sábado domingo'
]

/** Small words, and what everybody says on the phone whatever they want. */
const SMALL = new Set(
  folded(`a an the and or but if then so as of in on at to for from by with about into out up down over off than that this these those there here it its
    i you he she we they me him her us them my your his our their mine yours who whom whose which what when why how whether
    am is are was were be been being do does did done have has had having can could will would shall should may might must not no nor
    want wants like likes need needs get gets got give gives go goes going come comes know knows look looks looking find finds see make makes let help please
    say says tell tells ask asks call calls called caller callers calling phone just only also some any all every each one two first other another
    yes yeah yep ok okay sure fine great good well hi hello hey thanks thank goodbye bye oh mhm um uh wait moment very really now still again more most much many
    too because before after while until such per via im id ill ive don doesn didn isn aren won wouldn couldn shouldn s t d m re ll ve question questions answer answers
    leave take takes name names thing things something anything everything nothing else kind sort right work works
    der die das den dem des ein eine einen einem einer eines und oder aber wenn dann als wie was wer wen wem wann warum welche welcher welches ob dass
    ich du er sie es wir ihr mich dich sich uns euch mir dir ihm ihnen ihn mein meine meinen dein deine ihre ihren unser unsere sein seine
    bin bist ist sind war waren sei werden wird haben habe hat hatte hätte können kann könnte möchte möchten will wollen soll sollen muss müssen darf dürfen
    nicht kein keine keinen in im an am auf aus bei mit nach von vom vor zu zum zur für über um bis durch ja nein bitte danke gern gerne hallo guten auch noch
    schon mal da dort hier sehr viel etwas nur jetzt sag sagen frag fragen brauche gibt geben einmal frage hätten namen uhr also gut
    el la los las un una unos unas y o pero si que qué quién cómo cuándo cuál porque yo tú él ella nosotros usted ustedes me te se le les lo mi su sus tu
    es son está están ser estar soy hay tiene tengo tienen puede puedo pueden quiero quisiera querría necesito de del en a al por para con sin sobre no sí
    hola gracias buenos buenas días favor muy más algo nombre decir di dime saber pregunta ahora ya bien vale`)
)

/** Whether a word says nothing of what is wanted; parts of names are not among them. */
export const isSmall = (word: string): boolean =>
  !/^(?:de|del|la|von|van|der|di|da|le|al|mr|mrs|dr)$/i.test(word) && folded(word).every((part) => SMALL.has(part))

const MEANINGS = new Map(
  SAME.flatMap((line) => {
    const all = folded(line.replaceAll('|', ' '))
    // A short stem may be another word's as well: "offen" and "offer".
    const stems = all.map(stem).filter((short) => short.length > 3)
    return [...stems, ...all].map((word) => [word, `#${all[0]}`] as const)
  })
)

/** What says when or how many, and hardly what is wanted. */
const WEAK = new Set(['#day', '#morning', '#afternoon', '#evening'])

/** How much a shared word says. */
export const weightOf = (meaning: string): number => (WEAK.has(meaning) ? 0.3 : 1)

/** What several words say together. */
const TOGETHER: readonly [RegExp, string][] = [
  [/\bhow much (?=is|are|does|do|would|will|for)/gi, 'price '],
  [/\b(?:call|ring|phone) (?:me|us) back\b|\bzurückrufen\b|\bdevolver(?:me)? la llamada\b/gi, 'message'],
  [
    /\b\d+\w?\s+\p{Lu}\p{L}+\s+(?:Street|Road|Lane|Avenue|Square|Drive)\b|\p{L}(?:straße|strasse|gasse|weg|platz|allee)\s+\d|\b(?:Calle|Plaza|Avenida)\s+\p{Lu}/gu,
    '$& address'
  ]
]

/** What a text means, each meaning once: `#price` for what any word of that line says, else a word's stem. */
export function meaningsOf(text: string): Set<string> {
  const plain = TOGETHER.reduce((whole, [phrase, word]) => whole.replaceAll(phrase, word), text)
  const words = folded(plain).filter((word) => !SMALL.has(word) && !/^\d+$/.test(word))
  return new Set(words.map((word) => MEANINGS.get(word) ?? MEANINGS.get(stem(word)) ?? stem(word)))
}

/** `order_pizza` and `orderPizza` as words. */
export const asWords = (name: string): string =>
  name.replaceAll(/(?<=\p{Ll})(?=\p{Lu})/gu, ' ').replaceAll(/[_-]+/g, ' ')

/** Lower-case words without accents: `Öffnungszeiten` is `offnungszeiten`. */
export function folded(text: string): string[] {
  const plain = text.toLowerCase().replaceAll('ß', 'ss').normalize('NFD').replaceAll(/\p{M}/gu, '')
  return plain.replaceAll(/[’']/g, "'").match(/[a-z0-9]+/g) ?? []
}

/** Without its endings, as long as three letters are left. */
function stem(word: string): string {
  const shorter = word.replace(/y$/, 'i').replace(/(?<=...)(?:ings?|ers?|en|em|es|ed|ly|e|s|a|o|n)$/, '')
  return shorter === word ? word : stem(shorter)
}
