import { EventEmitter, once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { inspect, styleText } from 'node:util'
import { RealtimeSession } from '@openai/agents/realtime'
import { agentFor } from '../../src/agent/agent.ts'
import type { CallContext } from '../../src/agent/context.ts'
import { outputGuardrails } from '../../src/agent/guardrails.ts'
import { print } from '../../src/commands/print.ts'
import type { Config } from '../../src/config.ts'
import { withInstructions } from '../../src/realtime/opening.ts'
import { sessionOptions } from '../../src/realtime/session.ts'
import { KeyboardCall } from './keyboard-call.ts'
import { WatchedSocket } from './watched-socket.ts'

/** Where lines are typed. In a terminal there is a prompt, and what is typed is there already. */
export interface Keyboard {
  readonly input: Readable
  readonly isTerminal: boolean
}

type Who = 'caller' | 'agent' | 'tool'
type Session = RealtimeSession<CallContext>

const COLOURS = { caller: 'cyan', agent: 'green', tool: 'yellow' } as const

/**
 * Talks to the agent in writing: the agent, tools, guardrails and context of a call, without a line.
 * Resolves with what went wrong, a line each.
 */
export async function chat(
  { openai, call: { greeting, transferTargets } }: Config,
  keyboard: Keyboard
): Promise<string[]> {
  const troubles: string[] = []
  const socket = new WatchedSocket()
  const changes = new EventEmitter<{ change: [] }>()
  const call = new KeyboardCall(
    [...transferTargets.keys()],
    (what) => {
      tell('agent', `[${what}]`)
      changes.emit('change')
    },
    (tool, error) => tell('tool', `${tool} fails: ${inspect(error)}`)
  )
  const options = sessionOptions<CallContext>({ ...openai, takesTurns: false, outputGuardrails }, { call }, socket)
  const session: Session = new RealtimeSession(agentFor(call), {
    ...options,
    config: { ...options.config, outputModalities: ['text'] }
  })
  session.on('error', ({ error }) => void troubles.push(sentenceOf(error)))
  session.transport.on('*', (event) => {
    socket.hear(event)
    changes.emit('change')
  })
  session.transport.on('connection_change', () => changes.emit('change'))
  tellAll(session)

  try {
    const url = new URL(openai.url)
    url.searchParams.set('model', openai.model)
    await session.connect({ apiKey: openai.apiKey, url: url.href })
  } catch (error) {
    return [`The model at ${openai.url} could not be reached: ${sentenceOf(error)}`]
  }
  if (greeting !== '') {
    const { instructions = '' } = await session.getInitialSessionConfig()
    socket.requestResponse({ instructions: withInstructions(instructions, greeting) })
  }
  await talk({ session, socket, call, changes }, keyboard)
  if (socket.status !== 'connected' && troubles.length === 0) troubles.push('The model has closed the connection.')
  session.close()
  return troubles
}

interface Talk {
  readonly session: Session
  readonly socket: WatchedSocket
  readonly call: KeyboardCall
  /** Told whenever something happened that may be waited for. */
  readonly changes: EventEmitter<{ change: [] }>
}

/** A line at a time, each when the agent has answered the one before, until Ctrl-D or the end of the call. */
async function talk({ session, socket, call, changes }: Talk, { input, isTerminal }: Keyboard): Promise<void> {
  const lines = createInterface({ input, ...(isTerminal ? { output: process.stdout } : {}) })
  lines.setPrompt(styleText(COLOURS.caller, 'caller  '))
  const typed: string[] = []
  let isClosed = false
  lines.on('line', (line) => {
    typed.push(line.trim())
    changes.emit('change')
  })
  lines.on('close', () => {
    isClosed = true
    changes.emit('change')
  })
  for (let isPrompted = false; socket.status === 'connected'; ) {
    const isReady = socket.isSettled || call.wantsKeys
    if (isReady && (call.isOver || (isClosed && typed.length === 0))) break
    const line = isReady ? typed.shift() : undefined
    if (line) {
      if (!isTerminal) tell('caller', line)
      isPrompted = false
      if (call.wantsKeys && /^[\d*#]+$/.test(line)) call.press(line)
      else session.sendMessage(line)
    } else if (line === undefined) {
      if (isReady && isTerminal && !isPrompted) lines.prompt()
      isPrompted ||= isReady
      await once(changes, 'change')
    }
  }
  call.press('')
  lines.close()
}

function tellAll(session: Session): void {
  session.transport.on('*', (event) => {
    if (event.type === 'response.output_text.done') tell('agent', String(event['text']))
  })
  session.on('agent_tool_start', (_context, _agent, { name }, { toolCall }) => {
    tell('tool', `${name} ${'arguments' in toolCall ? toolCall.arguments : ''}`)
  })
  session.on('agent_tool_end', (_context, _agent, { name }, result) => tell('tool', `${name} answers: ${result}`))
  session.on('agent_handoff', (_context, _from, { name }) => tell('agent', `[hands off to ${name}]`))
  session.on('guardrail_tripped', (_context, _agent, { message }) =>
    tell('agent', `[is stopped by a guardrail: ${message}]`)
  )
}

function tell(who: Who, what: string): void {
  print(`${styleText(COLOURS[who], who.padEnd(6))}  ${what}`)
}

function sentenceOf(error: unknown): string {
  const { error: inner = error } = (error ?? {}) as { error?: unknown }
  return inner instanceof Error ? inner.message : ((inner as { message?: string }).message ?? JSON.stringify(inner))
}
