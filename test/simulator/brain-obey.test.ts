import { describe, expect, test } from 'vitest'
import { businessIn, todayIn } from '../../simulator/model/brain/instructions.ts'
import { languageOf, voiceFor } from '../../simulator/sound/language.ts'
import { loadConfig } from '../../src/config.ts'
import { Talk } from './talk.ts'

const instructions = 'You answer the phone at Hotel Seaview, 4 Beach Road.\nBreakfast is from seven to ten.'
const asked = (what?: string, own = instructions) => new Talk({ instructions: own, tools: {} }).ask(what)

describe('the agent says what it is asked to say', () => {
  test.each([
    [
      'Open the call: say which hotel this is and that you are an AI assistant, and ask how you can help.',
      'Hello, this is Hotel Seaview. I am an AI assistant. How can I help you?'
    ],
    ['Greet the caller.', 'Hello, this is Hotel Seaview. How can I help you?'],
    ['Greet the caller as Basil and ask what you can do for them.', 'Hello, this is Basil. What can I do for you?'],
    ['Welcome them to Hotel Seaview and ask what they would like.', 'Welcome to Hotel Seaview. What would you like?'],
    ['Say "Welcome back." and no more.', 'Welcome back.'],
    ['Never say "um". Say “One moment, please.”', 'One moment, please.'],
    ['You should thank the guest for their patience.', 'Thank you for your patience.'],
    ['The caller is silent. Ask in one short sentence whether they are still there.', 'Are you still there?'],
    ['Ask if the guest wants breakfast.', 'Do you want breakfast?'],
    ['Ask which day they mean.', 'Which day do you mean?'],
    ['Ask how many people are coming.', 'How many people are coming?'],
    ['Ask for their name and their number.', 'Could you tell me your name and your number, please?'],
    ['Tell the caller to hang up and dial 112.', 'Please hang up and dial 112.'],
    ['Tell the caller that you are putting them through to sales.', 'I am putting you through to sales.'],
    ['Let them know that the kitchen closes at ten.', 'The kitchen closes at ten.'],
    ['Say that you cannot help with that, and what you can do instead.', 'I cannot help with that.'],
    [
      'The call has reached its limit. Say so, and goodbye.',
      'The call has reached its limit. Thank you for calling. Goodbye!'
    ],
    ['Do not greet again. Apologise, and offer to take a message.', "I'm sorry. Shall I take a message?"],
    ['You were interrupted. Go on where your last words end. Do not greet.', 'Sorry, where were we?'],
    ['The caller keyed in 4 2 1.', 'You keyed in 4 2 1. How can I help you with that?'],
    ['The tool pool, which you called before, answered: It is open.', 'It is open. Is there anything else?'],
    ['Be nice.', 'How can I help you?'],
    [
      'Eröffne das Gespräch auf Deutsch mit einem kurzen Satz: Sag, dass du ein KI-Assistent bist, und frag, wie du helfen kannst.',
      'Guten Tag, hier ist Hotel Seaview. Ich bin ein KI-Assistent. Wie kann ich Ihnen helfen?'
    ],
    ['Frag, ob der Anrufer noch da ist.', 'Sind Sie noch da?'],
    [
      'Sag, dass wir heute geschlossen haben, und verabschiede dich.',
      'Wir haben heute geschlossen. Vielen Dank für Ihren Anruf. Auf Wiederhören!'
    ],
    [
      'Entschuldige dich und biete an, eine Nachricht aufzunehmen.',
      'Es tut mir leid. Soll ich eine Nachricht aufnehmen?'
    ],
    [
      'Begrüße den Gast und frage nach dem Namen.',
      'Guten Tag, hier ist Hotel Seaview. Darf ich nach dem Namen fragen?'
    ],
    [
      'Abre la llamada en español con una frase corta: di que eres un asistente de IA y pregunta en qué puedes ayudar.',
      'Hola, le atiende Hotel Seaview. Soy un asistente de IA. ¿En qué puedo ayudarle?'
    ],
    ['Pregunta si el cliente quiere una mesa.', '¿Usted quiere una mesa?'],
    ['Despídete.', 'Gracias por llamar. ¡Adiós!'],
    ['Greet the caller in German.', 'Guten Tag, hier ist Hotel Seaview. Wie kann ich Ihnen helfen?'],
    [undefined, 'Hello, this is Hotel Seaview. How can I help you?']
  ])('%s -> %s', async (what, speech) => {
    expect(await asked(what)).toBe(speech)
  })

  test('whatever the session’s own instructions are, which come along', async () => {
    const own = `${instructions}\n\nIt is 08:20.`
    const later = `${instructions}\n\nIt is 08:21.`
    expect(await asked(`${own}\n\nSay goodbye.`, own)).toBe('Thank you for calling. Goodbye!')
    expect(await asked(`${later}\n\nSay goodbye.`, own)).toBe('Thank you for calling. Goodbye!')
    expect(await asked(own, own)).toBe('Hello, this is Hotel Seaview. How can I help you?')
  })

  test('the server’s own greeting', async () => {
    const { greeting } = loadConfig({ OPENAI_API_KEY: 'sk-test' }).call
    expect(await asked(greeting)).toBe('Hello, this is Hotel Seaview. I am an AI assistant. How can I help you?')
  })

  test('instead of greeting, what the instructions have it say, once', async () => {
    const back = `${instructions}\nDo not greet again. Say that nobody could be reached, and offer to take a message.`
    const talk = new Talk({ instructions: back, tools: {} })
    expect(await talk.ask()).toBe('Nobody could be reached. Shall I take a message?')
    await talk.say('No, thanks.')
    expect(await talk.ask()).toBe('How can I help you?')
  })
})

test.each([
  ['You answer the phone at Harbour Garage, a small garage at 12 Quay Street.', 'Harbour Garage'],
  ['You are Luigi, the phone assistant of Pizzeria Napoli. You speak English.', 'Pizzeria Napoli'],
  ['Du bist der Telefonassistent der Pizzeria Napoli in Hamburg.', 'Pizzeria Napoli'],
  ['Eres el asistente telefónico de la Pizzería Roma en Madrid.', 'la Pizzería Roma'],
  ['# Role\nYou are the receptionist at the Grand Hotel.', 'the Grand Hotel'],
  ['You work for Acme & Sons.', 'Acme & Sons'],
  ['You are a helpful assistant.', undefined]
])('whose phone it is: %s', (own, name) => {
  expect(businessIn(own)).toBe(name)
})

test.each([
  ['Today is Tuesday (2026-11-24).', '2026-11-24'],
  ['Today is November 3, 2026.', '2026-11-03'],
  ['It is late.', undefined]
])('what day it is: %s', (own, date) => {
  expect(todayIn(own)).toBe(date)
})

test.each([
  ['Hello, how can I help you?', 'en', 'en-us'],
  ['Guten Tag, wie kann ich Ihnen helfen?', 'de', 'de'],
  ['Tschüss!', 'de', 'de'],
  ['¿En qué puedo ayudarle?', 'es', 'es'],
  ['Gracias por llamar.', 'es', 'es'],
  ['Margherita, 9.', undefined, 'en-us']
])('the language of "%s", and the voice', (text, language, voice) => {
  expect([languageOf(text), voiceFor(text)]).toEqual([language, voice])
})
