import type { Language } from '../../../sound/language.ts'

/** What is said whatever the agent is for. */
export interface Phrases {
  readonly hello: string
  thisIs(name: string): string
  readonly iAmAnAi: string
  readonly help: string
  readonly helpWithThat: string
  readonly canHelpWith: (list: string) => string
  readonly goodbye: string
  readonly anythingElse: string
  readonly which: string
  whichOf(list: string): string
  readonly unheard: string
  readonly unknown: string
  readonly takeYourTime: string
  readonly oneMoment: string
  readonly welcome: string
  readonly done: string
  readonly goOn: string
  readonly again: string
  readonly whatExactly: string
  readonly sorry: string
  readonly thanks: string
  tellMe(what: string): string
  shall(what: string): string
  iCan(what: string): string
  readonly or: string
  readonly ask: Readonly<Record<'day' | 'time' | 'name' | 'phone' | 'email', string>>
}

export const PHRASES: Readonly<Record<Language, Phrases>> = {
  en: {
    hello: 'Hello',
    thisIs: (name) => `this is ${name}`,
    iAmAnAi: 'I am an AI assistant.',
    help: 'How can I help you?',
    helpWithThat: 'How can I help you with that?',
    canHelpWith: (list) => `I can help you with ${list}. What would you like?`,
    goodbye: 'Thank you for calling. Goodbye!',
    anythingElse: 'Is there anything else?',
    which: 'Which one would you like?',
    whichOf: (list) => `Which would you like: ${list}?`,
    unheard: 'I heard you, but not what you said. How can I help with that?',
    unknown: "I'm sorry, I don't know that.",
    takeYourTime: 'Of course, take your time.',
    oneMoment: 'One moment, please.',
    welcome: 'You are welcome.',
    done: "All right, that's done.",
    goOn: 'Sorry, where were we?',
    again: 'Could you try once more, please?',
    whatExactly: 'What exactly would you like to know?',
    sorry: "I'm sorry.",
    thanks: 'Thank you',
    tellMe: (what) => `Could you tell me ${what}, please?`,
    shall: (what) => `Shall I ${what}?`,
    iCan: (what) => `I can ${what}`,
    or: 'or',
    ask: {
      day: 'For which day?',
      time: 'At what time?',
      name: 'What is your name, please?',
      phone: 'What is your phone number, please?',
      email: 'What is your email address, please?'
    }
  },
  de: {
    hello: 'Guten Tag',
    thisIs: (name) => `hier ist ${name}`,
    iAmAnAi: 'Ich bin ein KI-Assistent.',
    help: 'Wie kann ich Ihnen helfen?',
    helpWithThat: 'Wie kann ich Ihnen damit helfen?',
    canHelpWith: (list) => `Ich kann Ihnen hiermit helfen: ${list}. Was möchten Sie?`,
    goodbye: 'Vielen Dank für Ihren Anruf. Auf Wiederhören!',
    anythingElse: 'Kann ich sonst noch etwas für Sie tun?',
    which: 'Was davon möchten Sie?',
    whichOf: (list) => `Was möchten Sie: ${list}?`,
    unheard: 'Ich habe Sie gehört, aber nicht verstanden. Wie kann ich Ihnen helfen?',
    unknown: 'Das weiß ich leider nicht.',
    takeYourTime: 'Gern, lassen Sie sich Zeit.',
    oneMoment: 'Einen Moment, bitte.',
    welcome: 'Gern geschehen.',
    done: 'Das ist erledigt.',
    goOn: 'Entschuldigung, wo waren wir?',
    again: 'Könnten Sie es bitte noch einmal versuchen?',
    whatExactly: 'Was genau möchten Sie wissen?',
    sorry: 'Es tut mir leid.',
    thanks: 'Vielen Dank',
    tellMe: (what) => `Sagen Sie mir bitte noch: ${what}?`,
    shall: (what) => `Soll ich ${what}?`,
    iCan: (what) => `ich kann ${what}`,
    or: 'oder',
    ask: {
      day: 'Für welchen Tag?',
      time: 'Um wie viel Uhr?',
      name: 'Wie ist Ihr Name, bitte?',
      phone: 'Wie ist Ihre Telefonnummer, bitte?',
      email: 'Wie ist Ihre E-Mail-Adresse, bitte?'
    }
  },
  es: {
    hello: 'Hola',
    thisIs: (name) => `le atiende ${name}`,
    iAmAnAi: 'Soy un asistente de IA.',
    help: '¿En qué puedo ayudarle?',
    helpWithThat: '¿Cómo puedo ayudarle con eso?',
    canHelpWith: (list) => `Puedo ayudarle con esto: ${list}. ¿Qué desea?`,
    goodbye: 'Gracias por llamar. ¡Adiós!',
    anythingElse: '¿Puedo ayudarle en algo más?',
    which: '¿Cuál prefiere?',
    whichOf: (list) => `¿Cuál prefiere: ${list}?`,
    unheard: 'Le he oído, pero no le he entendido. ¿En qué puedo ayudarle?',
    unknown: 'Lo siento, eso no lo sé.',
    takeYourTime: 'Claro, tómese su tiempo.',
    oneMoment: 'Un momento, por favor.',
    welcome: 'De nada.',
    done: 'Ya está hecho.',
    goOn: 'Perdone, ¿dónde estábamos?',
    again: '¿Puede intentarlo otra vez, por favor?',
    whatExactly: '¿Qué quiere saber exactamente?',
    sorry: 'Lo siento.',
    thanks: 'Gracias',
    tellMe: (what) => `¿Me puede decir ${what}, por favor?`,
    shall: (what) => `¿Puedo ${what}?`,
    iCan: (what) => `puedo ${what}`,
    or: 'o',
    ask: {
      day: '¿Para qué día?',
      time: '¿A qué hora?',
      name: '¿Cómo se llama, por favor?',
      phone: '¿Cuál es su número de teléfono, por favor?',
      email: '¿Cuál es su correo electrónico, por favor?'
    }
  }
}

/** `a, b or c` */
export function listed(items: readonly string[], or: string): string {
  const last = items.at(-1) ?? ''
  return items.length > 1 ? `${items.slice(0, -1).join(', ')} ${or} ${last}` : last
}

/** Begins with a capital and ends like a sentence; empty stays empty. */
export function sentence(text: string, end = '.'): string {
  const trimmed = text.trim().replace(/[,;:]$/, '')
  if (trimmed === '') return ''
  const begun = trimmed[0]?.toUpperCase() + trimmed.slice(1)
  return /[.!?]["”]?$/.test(begun) ? begun : `${begun}${end}`
}
