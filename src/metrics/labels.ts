import type { RealtimeAgent } from '@openai/agents/realtime'
import type { CallContext } from '../agent/context.ts'
import { END_REASONS, faultOf } from '../call/end-reason.ts'
import { withSpecialists } from '../call/tools.ts'
import type { Declined } from '../switchboard/switchboard.ts'

type Agent = RealtimeAgent<CallContext>

/** The values that a label may have. Whatever a model or a caller sends becomes one of them. */
export const DIRECTIONS = ['inbound', 'outbound'] as const
export const STAGES = ['endpointing', 'model', 'tool', 'server', 'playback', 'total'] as const
export const TURN_OUTCOMES = ['answered', 'cut', 'no_answer', 'failed'] as const
export const INTERRUPTIONS = ['real', 'ignored'] as const
export const TOOL_OUTCOMES = ['ok', 'failed'] as const
export const COST_PARTS = ['model', 'transcription'] as const
/** By what the switchboard and the webhook say. */
const WHY_DECLINED: Readonly<Record<Declined, string>> = {
  'all lines are taken': 'lines',
  'too many calls a minute from this number': 'caller',
  'the day’s budget is spent': 'budget',
  overloaded: 'overloaded',
  draining: 'draining'
}
export const REFUSALS = Object.values(WHY_DECLINED)
export const REJECTIONS = ['signature', 'malformed', 'no_upgrade', 'too_many', 'stream_token', 'no_start'] as const
export const ENDS = END_REASONS.map((reason) => ({ end_reason: reason, fault: faultOf(reason) }))
/** Close codes of a WebSocket (RFC 6455, 7.4.1), and the two HTTP statuses that an operator can act on. */
export const CODES = [...Array.from({ length: 16 }, (_, at) => String(1000 + at)), '401', '429', 'other'] as const

/** What OpenAI's error codes are as HTTP statuses. */
const STATUSES: Readonly<Record<string, string>> = {
  invalid_api_key: '401',
  insufficient_quota: '429',
  rate_limit_exceeded: '429'
}
/** The most names of one kind: an `agentFor` may make agents, and their tools, for each call anew. */
const MOST_NAMES = 100
const OTHER = 'other'

/** Twilio's `outbound-api` and `outbound-dial` are outbound. */
export function directionOf(direction: string): (typeof DIRECTIONS)[number] {
  return direction.startsWith('outbound') ? 'outbound' : 'inbound'
}

export function codeOf(code: string | number | undefined): string {
  const text = String(code)
  const known = STATUSES[text] ?? text
  return (CODES as readonly string[]).includes(known) ? known : OTHER
}

export function refusalOf(why: Declined): string {
  return WHY_DECLINED[why]
}

/** Why one of Twilio's routes refused a request. */
export function rejectionOf(status: number): (typeof REJECTIONS)[number] {
  if (status === 403) return 'signature'
  if (status === 426) return 'no_upgrade'
  return status === 429 ? 'too_many' : 'malformed'
}

/** The names of the tools and guardrails that the agents of this server have. */
export class AgentNames {
  readonly #agents = new WeakSet<Agent>()
  readonly #tools = new Set<string>()
  readonly #guardrails = new Set<string>()

  constructor(guardrails: readonly { readonly name: string }[]) {
    for (const { name } of guardrails) this.#guardrails.add(name)
  }

  /** Learns the names of an agent that answers a call, and of those it hands over to. */
  know(agent: Agent): void {
    if (this.#agents.has(agent)) return
    for (const one of withSpecialists(agent)) {
      this.#agents.add(one)
      for (const { name } of one.tools) add(this.#tools, name)
      for (const { name } of one.outputGuardrails) add(this.#guardrails, name)
    }
  }

  readonly tool = (name: string): string => (this.#tools.has(name) ? name : OTHER)
  readonly guardrail = (name: string): string => (this.#guardrails.has(name) ? name : OTHER)
}

function add(names: Set<string>, name: string): void {
  if (names.size < MOST_NAMES) names.add(name)
}
