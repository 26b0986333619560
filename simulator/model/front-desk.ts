import type { Reply, Turn } from './brain.ts'
import { fillArguments, type Hints } from './fill-arguments.ts'
import { spoken } from './spoken.ts'

/**
 * The built-in conversation: a dental practice's front desk that goes by keywords.
 * It uses whichever of its tools the session offers, and can say a sentence without any.
 */
export function frontDesk(turn: Turn): Reply[] {
  // A response's own instructions replace the session's, so that those come along: what is wanted now is the end of it.
  const wanted = turn.responseInstructions?.split('\n\n').at(-1) ?? ''
  const quoted = wanted.match(/["“]([^"”]{3,})["”]/)?.[1]
  if (quoted) return [{ say: quoted }]
  switch (turn.kind) {
    case 'greeting':
      return [{ say: opening(turn, wanted) }]
    case 'prompted':
      return [{ say: prompted(wanted) }]
    case 'tool_output':
      return afterTool(turn)
    default:
      return answer(turn)
  }
}

const GREETING = "Hello, you've reached the dental practice. I'm an AI assistant. How can I help you today?"
const GOODBYE = 'Thank you for calling. Goodbye!'
const MENU = 'I see. I can tell you our opening hours, book an appointment or take a message.'
const NEUTRAL = 'I heard you. How can I help with that?'

const NOBODY_THERE = "I'm sorry, nobody could be reached. May I take a message?"

const ACCEPTS = /\b(yes|ok(ay)?|fine|sure|first|second|works|good|great|one|nine|ten|eleven|morning|\d+)\b/i

/** What the caller may want, most specific first. */
const WISHES: { words: RegExp; reply(turn: Turn): Reply[] }[] = [
  { words: /\b(hours?|open|closed?|closing)\b/i, reply: hours },
  { words: /\b(bills?|billing|invoices?|payments?|pay|prices?|cost)\b/i, reply: billing },
  { words: /\b(appointments?|book|check-?up|cleaning|reschedule|slots?)\b/i, reply: appointment },
  { words: /\b(message|call me back|tell (them|her|him))\b/i, reply: message },
  { words: /\b(person|human|someone|somebody|receptionist|operator|transfer)\b/i, reply: person },
  { words: /\b(good ?bye|bye|thanks?|thank you|that's all|nothing else|hang up)\b/i, reply: goodbye }
]

function answer(turn: Turn): Reply[] {
  const words = turn.transcript ?? ''
  if (words === '' || words === '[speech]') return [{ say: NEUTRAL }]
  const wish = WISHES.find((candidate) => candidate.words.test(words))
  const changesSubject = wish !== undefined && wish.reply !== appointment && wish.reply !== goodbye
  if (!changesSubject && lastTool(turn) === 'find_slots' && ACCEPTS.test(words)) {
    return call(turn, 'book_slot') ?? [{ say: "All right, that's booked for you." }]
  }
  return wish?.reply(turn) ?? [{ say: MENU }]
}

/** Greets once: a caller who has not spoken yet may have been greeted, or be back on the same call. */
function opening({ instructions, items }: Turn, wanted: string): string {
  if (/just come back from a transfer/.test(instructions)) return NOBODY_THERE
  const hasSpoken = items.some((item) => item.type === 'message' && item.role === 'assistant')
  return hasSpoken || /do not greet/i.test(wanted) ? prompted(wanted) : GREETING
}

function hours(turn: Turn): Reply[] {
  const reply = call(turn, 'opening_hours') ?? handOff(turn, /triage/i)
  return reply ?? [{ say: "We're open Monday to Friday, from eight to five." }]
}

function billing(turn: Turn): Reply[] {
  const lookUp = call(turn, 'find_invoice')
  if (lookUp) return [{ say: 'Please key in the six digits of the invoice number.' }, ...lookUp]
  return handOff(turn, /bill/i) ?? handOff(turn, /triage/i) ?? [{ say: 'What would you like to know about your bill?' }]
}

function appointment(turn: Turn): Reply[] {
  const lookUp = call(turn, 'find_slots')
  if (lookUp) return [{ say: 'Let me look.' }, ...lookUp]
  const reply = handOff(turn, /appoint|book|schedul/i) ?? handOff(turn, /triage/i)
  return reply ?? [{ say: 'I can offer you Tuesday at ten. Would that suit you?' }]
}

function message(turn: Turn): Reply[] {
  return call(turn, 'take_message') ?? [{ say: "I'll pass your message on." }]
}

function person(turn: Turn): Reply[] {
  const transfer = call(turn, 'transfer_call')
  if (transfer) return [{ say: "One moment, I'll put you through." }, ...transfer]
  return [{ say: 'Nobody is free to take your call just now. May I take a message?' }]
}

function goodbye(turn: Turn): Reply[] {
  return [{ say: GOODBYE }, ...(call(turn, 'end_call') ?? [])]
}

function afterTool(turn: Turn): Reply[] {
  const { tool = '', output = '', responseInstructions } = turn
  // After a tool that ends the conversation nobody waits for an answer; who asks for one says what.
  if (responseInstructions) return [{ say: prompted(responseInstructions) }]
  if (isHandOff(tool)) return welcome(turn)
  if (tool === 'find_slots') return [{ say: `${spoken(output)} Which one suits you?` }]
  return [{ say: `${spoken(output)} Is there anything else?` }]
}

/** The specialist takes up what the caller asked for. */
function welcome(turn: Turn): Reply[] {
  const reply = answer(turn)
  if (reply.some((part) => 'callTool' in part)) return reply
  const desk = turn.tool?.match(/^transfer_to_(.*?)(_agent)?$/i)?.[1] ?? 'the right desk'
  return [{ say: `You're through to ${desk.replaceAll('_', ' ').toLowerCase()}. How can I help?` }]
}

/** To be asked to speak without news: the reminders a call has, told apart by their words. */
function prompted(instructions: string): string {
  const keys = instructions.match(/keyed in ([\d*# ]+)/)?.[1]
  if (keys) return `You keyed in ${keys}. How can I help with that?`
  if (/goodbye|farewell|hang(ing)? up|end the call/i.test(instructions)) return GOODBYE
  if (/still there|silen|quiet|not said/i.test(instructions)) return 'Are you still there?'
  if (/wrap|minutes? left|time limit|soon/i.test(instructions)) return "We'll have to finish soon. What else can I do?"
  if (/apolog|sorry|connection|interrupt(ed|ion)|cut off|continue/i.test(instructions)) return 'Sorry, where were we?'
  return 'How can I help you?'
}

function call(turn: Turn, tool: string): Reply[] | undefined {
  if (!turn.tools.includes(tool)) return undefined
  return [{ callTool: tool, arguments: fillArguments(turn.toolParameters[tool], hintsFrom(turn)) }]
}

/** To a desk that has not been tried since the caller last spoke: two desks could hand the caller round for ever. */
function handOff(turn: Turn, desk: RegExp): Reply[] | undefined {
  const spokeAt = turn.items.findLastIndex((item) => item.type === 'message' && item.role === 'user')
  const tried = turn.items.slice(spokeAt).map((item) => (item.type === 'function_call' ? item.name : ''))
  const tool = turn.tools.find((name) => isHandOff(name) && desk.test(name) && !tried.includes(name))
  return tool === undefined ? undefined : [{ callTool: tool, arguments: fillArguments(turn.toolParameters[tool], {}) }]
}

const isHandOff = (tool: string): boolean => tool.startsWith('transfer_to_')

function hintsFrom(turn: Turn): Hints {
  const words = turn.transcript ?? ''
  const offer = lastOutput(turn)?.match(/(\d{4}-\d\d-\d\d)\D+(\d\d:\d\d)/)
  return {
    date: offer?.[1] ?? new Date().toISOString().slice(0, 10),
    time: offer?.[2] ?? '10:00',
    day: words.match(/\b((mon|tues|wednes|thurs|fri|satur|sun)day|tomorrow)\b/i)?.[0] ?? 'today',
    slot: offer ? `${offer[1]} ${offer[2]}` : 'Tuesday at 10:00',
    name: 'Sam Taylor',
    reason: 'a check-up',
    phone: '+15550100',
    target: turn.instructions.match(/put the caller through to: ([^,.\n]+)/)?.[1] ?? 'front desk',
    summary: `The caller said: ${words}`,
    text: words,
    words
  }
}

/** What was looked up last is still what the caller is talking about. */
function lastTool({ items }: Turn): string | undefined {
  const last = items.findLast((item) => item.type === 'function_call' && !isHandOff(item.name))
  return last?.type === 'function_call' ? last.name : undefined
}

function lastOutput({ items }: Turn): string | undefined {
  const last = items.findLast((item) => item.type === 'function_call_output')
  return last?.type === 'function_call_output' ? last.output : undefined
}
