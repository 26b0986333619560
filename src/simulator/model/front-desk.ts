import type { Reply, Turn } from './brain.ts'
import { fillArguments, type Hints } from './fill-arguments.ts'

/**
 * The built-in conversation: a dental practice's front desk that goes by keywords.
 * It uses whichever of its tools the session offers, and can say a sentence without any.
 */
export function frontDesk(turn: Turn): Reply[] {
  const quoted = turn.responseInstructions?.match(/["“]([^"”]{3,})["”]/)?.[1]
  if (quoted) return [{ say: quoted }]
  switch (turn.kind) {
    case 'greeting':
      return [{ say: GREETING }]
    case 'prompted':
      return [{ say: prompted(turn.responseInstructions ?? '') }]
    case 'tool_output':
      return afterTool(turn)
    default:
      return answer(turn, turn.transcript ?? '')
  }
}

const GREETING = "Hello, you've reached the dental practice. I'm an AI assistant. How can I help you today?"
const GOODBYE = 'Thank you for calling. Goodbye!'
const MENU = 'I see. I can tell you our opening hours, book an appointment or take a message.'
const NEUTRAL = 'I heard you. How can I help with that?'

const ACCEPTS = /\b(yes|ok(ay)?|fine|sure|first|second|works|good|great|one|nine|ten|eleven|morning|\d+)\b/i

/** What the caller may want, most specific first. */
const WISHES: { words: RegExp; reply(turn: Turn, words: string): Reply[] }[] = [
  { words: /\b(hours?|open|close[sd]?)\b/i, reply: hours },
  { words: /\b(bills?|billing|invoices?|payment|charged?)\b/i, reply: billing },
  { words: /\b(appointments?|book|check-?up|cleaning|reschedule|slots?)\b/i, reply: appointment },
  { words: /\b(message|call me back|tell (them|her|him))\b/i, reply: message },
  { words: /\b(person|human|someone|somebody|receptionist|operator|transfer)\b/i, reply: person },
  { words: /\b(good ?bye|bye|thanks?|thank you|that's all|nothing else|hang up)\b/i, reply: goodbye }
]

function answer(turn: Turn, words: string): Reply[] {
  if (words === '' || words === '[speech]') return [{ say: NEUTRAL }]
  const wish = WISHES.find((candidate) => candidate.words.test(words))
  const changesSubject = wish !== undefined && wish.reply !== appointment && wish.reply !== goodbye
  if (!changesSubject && wasOffered(turn, 'find_slots') && ACCEPTS.test(words)) {
    return called(turn, 'book_slot', words) ?? [{ say: "All right, that's booked for you." }]
  }
  return wish?.reply(turn, words) ?? [{ say: MENU }]
}

function hours(turn: Turn, words: string): Reply[] {
  return called(turn, 'opening_hours', words) ?? [{ say: "We're open Monday to Friday, from eight to five." }]
}

function billing(turn: Turn, words: string): Reply[] {
  return (
    handoff(turn, /bill/i) ??
    called(turn, 'find_invoice', words) ?? [{ say: 'I can help with your bill. What is the invoice number?' }]
  )
}

function appointment(turn: Turn, words: string): Reply[] {
  const reply =
    handoff(turn, /appoint|book|schedul/i) ?? called(turn, 'find_slots', words) ?? called(turn, 'book_slot', words)
  return reply ?? [{ say: 'I can offer you Tuesday at ten. Would that suit you?' }]
}

function message(turn: Turn, words: string): Reply[] {
  return called(turn, 'take_message', words) ?? [{ say: "I'll pass your message on." }]
}

function person(turn: Turn, words: string): Reply[] {
  const transfer = called(turn, 'transfer_call', words)
  if (transfer) return [{ say: "One moment, I'll put you through." }, ...transfer]
  return [{ say: 'Nobody is free to take your call just now. May I take a message?' }]
}

function goodbye(turn: Turn, words: string): Reply[] {
  return [{ say: GOODBYE }, ...(called(turn, 'end_call', words) ?? [])]
}

function afterTool(turn: Turn): Reply[] {
  const { tool = '', output = '', transcript } = turn
  // What ends the conversation was announced before it.
  if (tool === 'end_call' || tool === 'transfer_call') return isRefusal(output) ? [{ say: sentence(output) }] : []
  if (isHandoff(tool)) return welcome(turn, transcript ?? '')
  const question = tool === 'find_slots' ? ' Which one suits you?' : ''
  return [{ say: sentence(output) + question }]
}

/** The specialist takes up what the caller asked for, and hands nobody on. */
function welcome(turn: Turn, words: string): Reply[] {
  const own = turn.tools.filter((tool) => !isHandoff(tool))
  const reply = answer({ ...turn, tools: own }, words)
  const [, desk = 'the right desk'] = turn.tool?.match(/^transfer_to_(.*?)(_agent)?$/i) ?? []
  const acts = reply.some((part) => 'callTool' in part)
  return acts ? reply : [{ say: `You're through to ${desk.replaceAll('_', ' ').toLowerCase()}. How can I help?` }]
}

/** To be asked to speak without news: the reminders a call has, told apart by their words. */
function prompted(instructions: string): string {
  if (/goodbye|farewell|hang(ing)? up|end the call/i.test(instructions)) return GOODBYE
  if (/still there|silen|quiet|not said/i.test(instructions)) return 'Are you still there?'
  if (/wrap|minutes? left|time limit|soon/i.test(instructions))
    return "We'll have to finish soon. Is there one last thing I can do?"
  if (/apolog|sorry|connection|interrupted|cut off|continue/i.test(instructions))
    return 'Sorry about that. Where were we?'
  return 'How can I help you?'
}

function called(turn: Turn, tool: string, words: string): Reply[] | undefined {
  if (!turn.tools.includes(tool)) return undefined
  return [{ callTool: tool, arguments: fillArguments(turn.toolParameters[tool], hintsFrom(turn, words)) }]
}

function handoff(turn: Turn, desk: RegExp): Reply[] | undefined {
  const tool = turn.tools.find((name) => isHandoff(name) && desk.test(name))
  return tool === undefined ? undefined : [{ callTool: tool, arguments: fillArguments(turn.toolParameters[tool], {}) }]
}

const isHandoff = (tool: string): boolean => tool.startsWith('transfer_to_')

function hintsFrom(turn: Turn, words: string): Hints {
  const slots = lastOutputOf(turn, 'find_slots')
  const offered = slots?.match(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?\S*?(?=["\s,;.]|$)/)?.[0]
  const slot = offered ?? slots?.match(/[A-Z][a-z]+day[^,;."]*/)?.[0] ?? 'Tuesday at 10:00'
  const day = words.match(/\b(mon|tues|wednes|thurs|fri|satur|sun)day\b/i)?.[0] ?? 'Tuesday'
  const known = { slot, start: slot, time: '10:00', date: offered?.slice(0, 10) ?? day, day, name: 'Sam Taylor' }
  return { ...known, phone: '+15550100', number: '+15550100', treatment: 'check-up', summary: words, words }
}

/** Whether the tool's answer is still what the caller is talking about. */
function wasOffered(turn: Turn, tool: string): boolean {
  const call = turn.items.findLast((item) => item.type === 'function_call' && !isHandoff(item.name))
  return call?.type === 'function_call' && call.name === tool && turn.kind !== 'tool_output'
}

function lastOutputOf({ items }: Turn, tool: string): string | undefined {
  const call = items.findLast((item) => item.type === 'function_call' && item.name === tool)
  const callId = call?.type === 'function_call' ? call.call_id : undefined
  const output = items.findLast((item) => item.type === 'function_call_output' && item.call_id === callId)
  return output?.type === 'function_call_output' ? output.output : undefined
}

const isRefusal = (output: string): boolean => /\b(error|could not|cannot|not available|unknown|fail)/i.test(output)

/** What a tool answered, as something one can say: JSON becomes its values. */
function sentence(output: string): string {
  const said = (valuesIn(output) ?? [output]).join(', ').trim()
  return said === '' ? "That's done." : /[.!?]$/.test(said) ? said : `${said}.`
}

function valuesIn(output: string): string[] | undefined {
  try {
    return flatten(JSON.parse(output))
  } catch {
    return undefined
  }
}

function flatten(value: unknown): string[] {
  if (value === null || typeof value === 'boolean') return []
  return typeof value === 'object' ? Object.values(value).flatMap(flatten) : [String(value)]
}
