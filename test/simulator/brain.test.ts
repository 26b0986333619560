import { globSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { Talk, type TalkAgent } from './talk.ts'

/** A hotel: nothing of the example's trade. */
const desk: TalkAgent = {
  instructions: `# Your task
You answer the phone at Hotel Seaview, 4 Beach Road.
- parcels and post: hand off to Porter;
- anything else: take a message.
- Trouble breathing or a fire: tell the guest to hang up and dial 112.
Breakfast is served from seven to ten.
Dogs stay for free. Ask how big the dog is.

# Now
Today is Tuesday, November 24 (2026-11-24).`,
  tools: {
    pool_hours: {
      description: 'When the pool is open on a day.',
      parameters: z.object({ day: z.string().describe('"today", "tomorrow" or a weekday in English.') }),
      answer: 'The pool is open from nine to nine.'
    },
    find_rooms: {
      description: 'Finds free rooms. Say "let me see" before you call this.',
      parameters: z.object({
        from: z.string().describe('The first night, as YYYY-MM-DD.'),
        view: z.enum(['sea', 'garden', 'any']).describe('The view; "any" when they do not mind.')
      }),
      answer: 'Free: 2026-11-25, 2026-11-27. Offer one of these.'
    },
    reserve_room: {
      description: 'Reserves a room.',
      parameters: z.object({
        night: z.string().describe('The night, as YYYY-MM-DD, as find_rooms gave it.'),
        guests: z.number().int().describe('How many guests'),
        name: z.string().describe('The name of the guest.'),
        breakfast: z.boolean().describe('Whether they want breakfast.'),
        phone: z.string().nullable().describe('Where to call back; null for the number they call from.')
      }),
      answer: 'Reserved.'
    },
    taxi: {
      description: 'Orders a taxi.',
      parameters: z.object({ time: z.string().describe('When, as HH:MM.'), where: z.string().describe('Where to') }),
      answer: '{"taxi":"ordered","minutes":9}'
    },
    take_message: {
      description: 'Writes down a message.',
      parameters: z.object({
        from: z.string().describe('The name the caller gave.'),
        text: z.string().describe('The message, in the words of the caller.')
      }),
      answer: 'The message was written down.'
    },
    hang_up: { description: 'Ends the call. Say goodbye before you call this.' },
    transfer_to_Porter: { description: 'Handoff to the Porter agent to handle the request. Luggage and parcels.' }
  }
}
const porter: TalkAgent = {
  instructions: 'You carry things at Hotel Seaview.\n- For anything else hand off to Desk.',
  tools: {
    find_parcel: {
      description: 'Looks for a parcel.',
      parameters: z.object({
        number: z
          .string()
          .regex(/^\d{4}$/)
          .describe('The four digits on the slip.')
      }),
      answer: 'It is here.'
    },
    transfer_to_Desk: { description: 'Handoff to the Desk agent to handle the request.' }
  }
}
const agents = { transfer_to_Porter: porter, transfer_to_Desk: desk }

const said = async (...lines: string[]) => {
  const talk = new Talk(desk, agents)
  let last: Awaited<ReturnType<Talk['say']>> = { said: '', called: [] }
  for (const line of lines) last = await talk.say(line)
  return last
}

describe('a tool or a handoff is chosen by the words it shares with the caller', () => {
  test.each<[string, string, unknown]>([
    ['When is the pool open on Friday?', 'pool_hours', { day: 'Friday' }],
    ['Is the pool open tomorrow?', 'pool_hours', { day: 'tomorrow' }],
    ['Wann ist der Pool am Samstag geöffnet?', 'pool_hours', { day: 'Saturday' }],
    ['¿Cuándo abren la pool el domingo?', 'pool_hours', { day: 'Sunday' }],
    ['Do you have a room with a garden view for Thursday?', 'find_rooms', { from: '2026-11-26', view: 'garden' }],
    ['I need a room from December 3rd.', 'find_rooms', { from: '2026-12-03', view: 'any' }],
    ['Ein Zimmer, a room, ab übermorgen bitte.', 'find_rooms', { from: '2026-11-26', view: 'any' }],
    ['A taxi to the station at half past nine in the morning.', 'taxi', { time: '09:30', where: 'station' }],
    ['Please order a taxi at seven for the airport.', 'taxi', { time: '19:00', where: 'airport' }],
    [
      'Please take a message: this is Ann Lee, I will be late.',
      'take_message',
      { from: 'Ann Lee', text: 'this is Ann Lee, I will be late.' }
    ],
    ["That's all, thank you. Goodbye.", 'hang_up', {}],
    ['Danke, auf Wiederhören.', 'hang_up', {}],
    ['No, nothing else.', 'hang_up', {}]
  ])('%s', async (words, tool, args) => {
    expect((await said(words)).called).toEqual([[tool, args]])
  })

  test.each([
    ['a handoff by its description', 'Can somebody fetch my luggage?'],
    ['a handoff by the instructions', 'Is there any post for me?']
  ])('%s', async (_, words) => {
    expect((await said(words)).called).toContainEqual(['transfer_to_Porter', {}])
  })

  test('who is handed over is served at once, and handed back for what is not theirs', async () => {
    const talk = new Talk(desk, agents)
    expect((await talk.say('Is there a parcel for me? The slip says 4 7 1 1.')).called).toEqual([
      ['transfer_to_Porter', {}],
      ['find_parcel', { number: '4711' }]
    ])
    expect((await talk.say('And is the pool open today?')).called).toEqual([
      ['transfer_to_Desk', {}],
      ['pool_hours', { day: 'today' }]
    ])
  })

  test('two agents do not hand the caller to and fro', async () => {
    const passOn: TalkAgent = {
      instructions: '- anything else: hand off to Other',
      tools: { transfer_to_Other: { description: 'Everything else.' } }
    }
    const talk = new Talk(passOn, { transfer_to_Other: passOn })
    expect((await talk.say('Do you sell umbrellas?')).called).toHaveLength(1)
  })
})

describe('what a tool needs and was not said is asked for', () => {
  test('one thing at a time, until the tool can be called', async () => {
    const talk = new Talk(desk, agents)
    expect((await talk.say('I would like a room.')).said).toBe('For which day?')
    const found = await talk.say('Tomorrow.')
    expect(found.called).toEqual([['find_rooms', { from: '2026-11-25', view: 'any' }]])
    expect(found.said).toBe('Let me see. Free: 2026-11-25, 2026-11-27. Which one would you like?')
  })

  test('in the order of the schema, each answer where it belongs', async () => {
    const talk = new Talk({ ...desk, tools: { reserve_room: desk.tools['reserve_room'] as never } })
    const questions = ['For which day?', 'Could you tell me how many guests, please?', 'What is your name, please?']
    expect((await talk.say('I want to reserve a room.')).said).toBe(questions[0])
    expect((await talk.say('On Sunday.')).said).toBe(questions[1])
    expect((await talk.say('Just two.')).said).toBe(questions[2])
    expect((await talk.say('Ann Lee, please.')).said).toBe('Could you tell me whether you want breakfast, please?')
    expect((await talk.say('No, thanks.')).called).toEqual([
      ['reserve_room', { night: '2026-11-29', guests: 2, name: 'Ann Lee', breakfast: false, phone: null }]
    ])
  })

  test('a question in between is answered, and a wish that is given up is forgotten', async () => {
    const talk = new Talk(desk, agents)
    await talk.say('I would like a room.')
    expect((await talk.say('Never mind.')).said).toBe('Is there anything else?')
    expect((await talk.say('When is breakfast?')).said).toBe('Breakfast is served from seven to ten.')
    expect((await talk.say('Tomorrow.')).called).toEqual([])
  })

  test('what was offered is taken by its place, and who they are is known from before', async () => {
    const talk = new Talk(desk, agents)
    await talk.say('Hi, this is Ann Lee. A room for two guests for tomorrow, please, with breakfast.')
    expect((await talk.say('The second one, please.')).called).toEqual([
      ['reserve_room', { night: '2026-11-27', guests: 2, name: 'Ann Lee', breakfast: true, phone: null }]
    ])
  })

  test('another value alone asks the same again', async () => {
    const talk = new Talk(desk, agents)
    await talk.say('When is the pool open on Friday?')
    expect((await talk.say('And on Sunday?')).called).toEqual([['pool_hours', { day: 'Sunday' }]])
  })
})

describe('without a tool', () => {
  test.each([
    ['When is breakfast?', 'Breakfast is served from seven to ten.'],
    ['Where are you?', 'I answer the phone at Hotel Seaview, 4 Beach Road.'],
    ['Can I bring my dogs?', 'Dogs stay for free. How big is the dog?'],
    ['Help, there is a fire!', 'Please hang up and dial 112.'],
    ['Am I talking to a robot?', 'I am an AI assistant.'],
    ['Do you sell umbrellas?', "I'm sorry, I don't know that. Shall I take a message?"],
    ['One moment, I have it here.', 'Of course, take your time.'],
    ['Thank you.', 'You are welcome. Is there anything else?'],
    ['Danke.', 'Gern geschehen. Kann ich sonst noch etwas für Sie tun?'],
    ['Hello?', 'How can I help you?'],
    ['[speech]', 'I heard you, but not what you said. How can I help with that?']
  ])('%s %s', async (words, answer) => {
    expect(await said(words)).toEqual({ said: answer, called: [] })
  })

  test('"yes" is to what was proposed', async () => {
    expect((await said('Thank you.', 'Yes, please.')).said).toBe('How can I help you?')
    expect((await said('Do you sell umbrellas?', 'Yes, please.')).said).toBe('What is your name, please?')
  })

  test('what a tool answers is said: JSON without its brackets, and what it asks the agent to do', async () => {
    const answers = async (answer: string) => {
      const talk = new Talk({ instructions: '', tools: { weather: { description: 'The weather.', answer } } })
      return (await talk.say("What's the weather like?")).said
    }
    expect(await answers('{"sky":"blue","degrees":21,"windy":false,"rain":null}')).toBe(
      'Blue, degrees 21, not windy. Is there anything else?'
    )
    expect(await answers('No station has that name. Ask the caller which town they mean.')).toBe(
      'No station has that name. Which town do you mean?'
    )
    expect(await answers('It failed. Apologise and offer to take a message or to put the caller through.')).toBe(
      "It failed. I'm sorry. Shall I take a message or put you through?"
    )
    expect(await answers('')).toBe("All right, that's done. Is there anything else?")
  })
})

test('an answer takes the brain a few milliseconds, after an hour of talk too', async () => {
  const talk = new Talk(desk, agents)
  for (let at = 0; at < 100; at++) await talk.say('Do you sell umbrellas?')
  const before = performance.now()
  for (let at = 0; at < 10; at++) await talk.say('When is the pool open on Friday?')
  expect((performance.now() - before) / 20).toBeLessThan(25)
})

test('the simulator knows nothing of the example’s trade', () => {
  const trade =
    /dent(al|ist)|\b(tooth|teeth|hygienist|patients?|invoices?|appointments?|check-?ups?|clean(er|ing)|fillings?|harbour|quay)\b|opening_hours|find_slots|book_slot|find_invoice|take_message|transfer_call|end_call/i
  // The scenes are the caller's part, written for the agent that is there.
  const files = globSync('simulator/**/*.ts').filter((file) => !file.endsWith('scenes.ts'))
  expect(files.length).toBeGreaterThan(60)
  expect(files.filter((file) => trade.test(readFileSync(file, 'utf8')))).toEqual([])
})
