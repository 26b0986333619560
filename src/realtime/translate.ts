import { contain } from '../call/contain.ts'
import type { AnswerStatus, Usage } from '../call/events.ts'
import type { CallSide } from '../call/model-leg.ts'
import type { FinishedResponse } from './events.ts'
import type { RealtimeLeg } from './leg.ts'
import { TRANSCRIPTION_MODEL } from './session.ts'

/** Turns the model's events into call events. No other code knows both. */
export function translate(leg: RealtimeLeg, call: CallSide): void {
  const { transport, session, settings } = leg
  const { journal, activity, caller } = call

  /** After a reconnection the SDK does not know of audio that is still being played, so it does not clear it. */
  const clearForgottenAudio = () => {
    if (transport.holdInterruption()) return
    if (activity.isCallerSpeaking && !activity.isResponding && caller.playback.isAgentPlaying) caller.clear()
  }

  transport.onModel('input_audio_buffer.speech_started', ({ item_id: turn }) => {
    journal.emit({ type: 'caller_speaking', turn, voicedMs: leg.voicedMs })
    setImmediate(() => contain(clearForgottenAudio, (error) => call.fail(error)))
  })
  transport.onModel('input_audio_buffer.speech_stopped', ({ item_id: turn }) => {
    journal.emit({ type: 'caller_silent', turn, quietMs: leg.quietMs })
  })
  transport.onModel('input_audio_buffer.committed', ({ item_id: turn }) => {
    // With `takesTurns`, turn-taking.ts requests the answer.
    if (!settings.takesTurns) activity.owe(undefined)
    journal.emit({ type: 'caller_turn', turn })
  })
  transport.onModel('conversation.item.input_audio_transcription.completed', (event) => {
    journal.emit({ type: 'caller_words', turn: event.item_id, text: event.transcript })
    const usage = fieldOf(event, 'usage')
    if (usage) journal.emit({ type: 'usage', answer: undefined, model: TRANSCRIPTION_MODEL, usage: usageOf(usage) })
  })
  transport.onModel('conversation.item.input_audio_transcription.failed', ({ item_id: turn }) => {
    journal.emit({ type: 'caller_words', turn, text: undefined })
  })
  transport.onModel('response.created', ({ response }) => {
    journal.emit({ type: 'answer_started', answer: idOf(response) })
  })
  transport.onModel('response.output_audio_transcript.delta', ({ item_id: turn, delta: text }) => {
    journal.emit({ type: 'agent_delta', turn, text })
  })
  transport.onModel('response.output_audio_transcript.done', ({ item_id: turn, transcript: text }) => {
    journal.emit({ type: 'agent_words', turn, agent: session.currentAgent.name, text })
  })
  transport.onModel('response.done', ({ response }) => {
    const answer = idOf(response)
    const usage = fieldOf(response, 'usage')
    if (usage) journal.emit({ type: 'usage', answer, model: settings.model, usage: usageOf(usage) })
    const { reason, error } = response.status_details ?? {}
    const code = wordOf(fieldOf(error, 'code')) ?? wordOf(fieldOf(error, 'type'))
    journal.emit({ type: 'answer_finished', answer, status: statusOf(response), reason: wordOf(reason), code })
  })

  session.on('agent_handoff', (_context, from, to) => {
    // A new session is handed to the specialist who was speaking, which is no handoff of the call.
    if (!leg.isUp) return
    // The SDK requests an answer from the specialist, which is owed also when the model is lost before it.
    activity.owe(undefined)
    journal.emit({ type: 'handoff', from: from.name, to: to.name })
  })
  session.on('guardrail_tripped', (_context, agent, error) => {
    journal.emit({ type: 'guardrail', agent: agent.name, name: error.result.guardrail.name })
  })
}

function idOf(response: object): string {
  return wordOf(fieldOf(response, 'id')) ?? ''
}

/** A response without a status counts as completed: that it is over matters more than how. */
function statusOf({ status }: FinishedResponse): AnswerStatus {
  return status === 'incomplete' || status === 'failed' || status === 'cancelled' ? status : 'completed'
}

function wordOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/**
 * Tokens by kind, or the seconds of a transcription, from `response.done` and `…transcription.completed`. A missing
 * number counts as 0. (OpenAI Realtime API, RealtimeResponseUsage; the shape of gpt-transcribe's usage is not
 * published)
 */
function usageOf(usage: unknown): Usage {
  const input = fieldOf(usage, 'input_token_details')
  const cached = fieldOf(input, 'cached_tokens_details')
  const output = fieldOf(usage, 'output_token_details')
  return {
    textIn: countOf(input, 'text_tokens'),
    audioIn: countOf(input, 'audio_tokens'),
    cachedText: countOf(cached, 'text_tokens'),
    cachedAudio: countOf(cached, 'audio_tokens'),
    textOut: countOf(output, 'text_tokens'),
    audioOut: countOf(output, 'audio_tokens'),
    seconds: countOf(usage, 'seconds')
  }
}

function fieldOf(value: unknown, name: string): unknown {
  return (value as Record<string, unknown> | null | undefined)?.[name]
}

function countOf(value: unknown, name: string): number {
  const count = fieldOf(value, name)
  return typeof count === 'number' && count >= 0 ? count : 0
}
