import { OpenAIRealtimeWebSocket, type RealtimeAgent, RealtimeSession } from '@openai/agents/realtime'
import { type SessionSettings, sessionOptions } from './session.ts'

/** The first messages of a session, sent before its caller's stream is there. */
export interface Opening {
  /** The `session.update` that the SDK will send too; the SDK's is then left out. */
  readonly configuration: string
  /** The `response.create` of the greeting; undefined when the agent waits for the caller. */
  readonly greeting: string | undefined
}

/**
 * Makes the first messages of a session as the SDK would write them when the stream is there. The webhook names the
 * caller already, so they need not wait.
 */
export async function prepareOpening<Context>(
  agent: RealtimeAgent<Context>,
  settings: SessionSettings,
  context: Context,
  greeting: string
): Promise<Opening> {
  // Never connected: it only writes the configuration.
  const writer = new OpenAIRealtimeWebSocket({ model: settings.model })
  const config = await RealtimeSession.computeInitialSessionConfig(agent, sessionOptions(settings, context, writer))
  const session = writer.buildSessionPayload({ ...config, model: settings.model })
  return {
    configuration: JSON.stringify({ type: 'session.update', session }),
    greeting: greeting === '' ? undefined : greetingRequest(String(session['instructions'] ?? ''), greeting)
  }
}

function greetingRequest(own: string, greeting: string): string {
  return JSON.stringify({ type: 'response.create', response: { instructions: withInstructions(own, greeting) } })
}

/** A response's own instructions replace the session's, so the agent's come first. */
export function withInstructions(own: string, more: string): string {
  return `${own}\n\n${more}`
}
