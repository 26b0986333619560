import { type RealtimeAgent, RealtimeSession } from '@openai/agents/realtime'
import { ScriptedRealtimeTransport } from '@openai/agents/realtime/testing'
import { onTestFinished } from 'vitest'
import type { Call, CallContext } from '../../src/agent/context.ts'
import { memoryStore, storeOf } from '../../src/agent/store.ts'

/** A call that does nothing but remember what was asked of it in `did`. */
export function fakeCall(overrides: Partial<Call> = {}): { call: Call; did: string[] } {
  const did: string[] = []
  const call: Call = {
    callSid: 'CA0000000000000000000000000000000a',
    from: '+15551230001',
    to: '+15551230009',
    direction: 'inbound',
    parameters: {},
    transferTargets: ['front desk', 'billing'],
    returnedFrom: undefined,
    earlier: [],
    now: () => new Date(),
    store: storeOf(() => ({ callSid: call.callSid, caller: call.from }), memoryStore()),
    endCall: () => void did.push('endCall'),
    transfer: (target, summary) => void did.push(`transfer to ${target}: ${summary}`),
    collectDigits: async () => '',
    messageTaken: ({ from }) => void did.push(`message of ${from} taken`),
    asksToRecord: false,
    answerRecording: (isAllowed) => void did.push(`recording ${isAllowed ? 'allowed' : 'refused'}`),
    pauseRecording: () => () => {},
    toolFailed: (tool) => void did.push(`${tool} failed`),
    ...overrides
  }
  return { call, did }
}

/** An agent in a real session, with a model that the test plays: no key, no network. */
export async function rehearse(agent: RealtimeAgent<CallContext>, call: Call, options = {}) {
  const transport = new ScriptedRealtimeTransport()
  const session = new RealtimeSession<CallContext>(agent, { transport, context: { call }, ...options })
  const connecting = transport.expectCall('connect')
  await session.connect({ apiKey: 'none' })
  const { initialSessionConfig } = (await connecting).options
  onTestFinished(() => session.close())

  let calls = 0
  /** The model calls a function; `next` is what the session must send first in answer. */
  const modelCalls = (name: string, values: object = {}) => {
    calls += 1
    transport.emit('function_call', {
      type: 'function_call',
      name,
      callId: `call_${calls}`,
      responseId: `resp_${calls}`,
      arguments: JSON.stringify(values)
    })
  }

  return {
    session,
    transport,
    /** What the model was told at first. */
    instructions: initialSessionConfig?.instructions ?? '',
    tools: toolNames(initialSessionConfig),
    /** The model calls a tool: what it is answered, and whether it is asked to speak on. */
    async useTool(name: string, values: object = {}) {
      const answered = transport.expectCall('sendFunctionCallOutput')
      modelCalls(name, values)
      const { output, startResponse } = await answered
      return { output, startResponse }
    },
    /** The model hands the conversation to another agent: what the model is told from then on. */
    async handOff(name: string) {
      const updated = transport.expectCall('updateSessionConfig')
      const answered = transport.expectCall('sendFunctionCallOutput')
      modelCalls(name)
      const { config } = await updated
      await answered
      return { instructions: config.instructions ?? '', tools: toolNames(config) }
    }
  }
}

function toolNames(config: { tools?: readonly object[] } | undefined): string[] {
  return (config?.tools ?? []).flatMap((tool) => ('name' in tool ? [String(tool.name)] : []))
}
