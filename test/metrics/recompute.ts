import type { Store } from '../../src/store/open.ts'
import type { TurnRow } from '../../src/store/tables.ts'

export interface Observation {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly seconds: number
}

type Observe = (name: string, ms: number, labels?: Readonly<Record<string, string>>) => void

/** Everything that the histograms should have observed, from the stored records alone. */
export async function observations({ db }: Store): Promise<Observation[]> {
  const found: Observation[] = []
  const observe: Observe = (name, ms, labels = {}) => found.push({ name, labels, seconds: ms / 1_000 })
  for (const { firstAudioMs } of await db.selectFrom('calls').select('firstAudioMs').execute()) {
    if (firstAudioMs !== null) observe('voice_answer_to_first_audio_seconds', firstAudioMs)
  }
  for (const turn of await db.selectFrom('turns').selectAll().execute()) ofTurn(turn as TurnRow, observe)
  let began = 0
  let seeksSince = 0
  for (const { type, atMs, data } of await db
    .selectFrom('events')
    .selectAll()
    .orderBy('callId')
    .orderBy('stream')
    .orderBy('seq')
    .execute()) {
    const fields = JSON.parse(data)
    if (type === 'accepted') began = atMs
    if (type === 'accepted' || type === 'model_lost') seeksSince = atMs
    if (type === 'live') observe('voice_model_connect_seconds', atMs - seeksSince, { warm: String(fields.greets) })
    if (type === 'model_back') observe('voice_model_connect_seconds', atMs - seeksSince, { warm: 'false' })
    if (type === 'barge_in') observe('voice_barge_in_seconds', fields.talkOverMs)
    if (type === 'ended') observe('voice_call_duration_seconds', atMs - began)
    if (type === 'tool_finished') {
      observe('voice_tool_seconds', fields.ms, { tool: fields.name, outcome: fields.failed ? 'failed' : 'ok' })
    }
  }
  return found
}

function ofTurn(turn: TurnRow, observe: Observe): void {
  const { who, cut, voiceEnd, vadStop, firstAudio, sent, heard } = turn
  if (who !== 'agent' || cut === 1 || !voiceEnd || !vadStop || !firstAudio || !sent || !heard) return
  const toolMs = turn.toolMs ?? 0
  const stages = {
    ...{ endpointing: vadStop - voiceEnd, model: firstAudio - vadStop - toolMs, tool: toolMs },
    ...{ server: sent - firstAudio, playback: heard - sent, total: heard - voiceEnd }
  }
  for (const [stage, ms] of Object.entries(stages)) {
    observe('voice_turn_response_seconds', Math.round(ms * 10) / 10, { stage, tool: String(turn.tool === 1) })
  }
}

/** The histograms of these observations as a scrape writes them. @param bounds the buckets' */
export function histogramsOf(found: readonly Observation[], bounds: (name: string) => readonly string[]) {
  const series: Record<string, number> = {}
  const count = (key: string, by: number) => {
    series[key] = (series[key] ?? 0) + by
  }
  for (const { name, labels, seconds } of found) {
    const own = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
    const suffixed = (suffix: string, all: readonly string[]) =>
      `${name}_${suffix}${all.length > 0 ? `{${all.join(',')}}` : ''}`
    for (const le of bounds(name)) {
      if (le === '+Inf' || seconds <= Number(le)) count(suffixed('bucket', [`le="${le}"`, ...own]), 1)
    }
    count(suffixed('count', own), 1)
    count(suffixed('sum', own), seconds)
  }
  return series
}
