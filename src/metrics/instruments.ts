import { Counter, Histogram, type Registry } from '@prometheus-io/client'
import * as labels from './labels.ts'

/** Upper bounds in seconds. */
const WAITS = [0.005, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1, 1.2, 1.5, 2, 2.5, 3, 4, 6, 10]
const DURATIONS = [5, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600]

export type Instruments = ReturnType<typeof instruments>

/**
 * What is counted and timed of calls, in base units. Every value of a label is from a list of labels.ts, and counters
 * begin at 0 with all of them: a rate is only seen between two values.
 */
export function instruments(registry: Registry) {
  const registers = [registry]
  const counter = <T extends string>(name: string, help: string, ...values: readonly Record<T, string>[]) => {
    const made = new Counter<T>({ name, help, labelNames: Object.keys(values[0] ?? {}) as T[], registers })
    for (const one of values) made.inc(one as never, 0)
    return made
  }
  const histogram = <T extends string>(name: string, help: string, buckets: number[], ...labelNames: T[]) =>
    new Histogram<T>({ name, help, buckets, labelNames, registers })

  return {
    calls: counter(
      'voice_calls_total',
      'Ends of calls. A call that comes back after a transfer or a lost stream ends more than once.',
      ...labels.DIRECTIONS.flatMap((direction) => labels.ENDS.map((end) => ({ direction, ...end })))
    ),
    durations: histogram('voice_call_duration_seconds', 'From the start of a call’s stream to its end.', DURATIONS),
    refused: counter(
      'voice_calls_refused_total',
      'Callers who were declined at the webhook.',
      ...of('why', labels.REFUSALS)
    ),
    firstAudio: histogram(
      'voice_answer_to_first_audio_seconds',
      'From the start of a call’s first stream to the first sound that the caller heard.',
      WAITS
    ),
    responses: histogram(
      'voice_turn_response_seconds',
      'From a caller’s last voiced frame to the first sound of the answer, whole (total) and by stage. Once for each answer that was heard to its end.',
      WAITS,
      'stage',
      'tool'
    ),
    turns: counter(
      'voice_turns_total',
      'Turns of callers, by what came of them.',
      ...of('outcome', labels.TURN_OUTCOMES)
    ),
    bargeIns: histogram(
      'voice_barge_in_seconds',
      'For how long caller and agent spoke at once before the agent was silent.',
      WAITS
    ),
    interruptions: counter(
      'voice_interruptions_total',
      'Speech over the agent: real stopped it; ignored was too short to be an interruption.',
      ...of('kind', labels.INTERRUPTIONS)
    ),
    connects: histogram(
      'voice_model_connect_seconds',
      'For how long a call waited for its model. warm: the model was opened and asked for the greeting at the webhook.',
      WAITS,
      'warm'
    ),
    losses: counter(
      'voice_model_lost_total',
      'Models that were lost during a call, and calls for which none could be had, without renewals.',
      ...of('code', labels.CODES)
    ),
    tokens: counter('voice_model_tokens_total', 'Tokens of the model’s answers.', ...tokenLabels()),
    cost: counter(
      'voice_cost_usd_total',
      'What OpenAI bills, in US dollars, from the price table of this version.',
      ...of('part', labels.COST_PARTS)
    ),
    tools: histogram('voice_tool_seconds', 'Runs of tools.', WAITS, 'tool', 'outcome'),
    guardrails: counter<'name'>('voice_guardrail_trips_total', 'Answers that a guardrail stopped.', { name: 'other' }),
    rejected: counter(
      'voice_webhook_rejected_total',
      'Requests and streams at Twilio’s addresses that were refused.',
      ...of('why', labels.REJECTIONS)
    )
  }
}

function of<T extends string>(label: T, values: readonly string[]) {
  return values.map((value) => ({ [label]: value }) as Record<T, string>)
}

function tokenLabels() {
  const kinds = [
    { type: 'input', cached: 'false' },
    { type: 'input', cached: 'true' },
    { type: 'output', cached: 'false' }
  ]
  return kinds.flatMap((kind) => [
    { ...kind, modality: 'text' },
    { ...kind, modality: 'audio' }
  ])
}
