import type { WholeCall } from '../records/read.ts'

/** Of one turn, and of what one tool was given or has answered: a caller cannot make the request as long as they like. */
const MOST_CHARACTERS = 2_000

/** The turns with words that were heard. */
const spoken = ({ turns }: WholeCall) => turns.filter(({ text }) => text)

export function turnsOf(call: WholeCall): ReadonlySet<string> {
  return new Set(spoken(call).map(({ id }) => id))
}

/**
 * What was heard on a call and what its tools did, in order, for a model to read. What a caller says is data: one JSON
 * line, in which no words can end themselves, begin a line or end the data.
 */
export function recordOf(call: WholeCall): string {
  const { endReason, durationMs } = call.call
  const said = spoken(call).map((turn) => ({ at: turn.startMs ?? 0, line: lineOf(turn) }))
  const done = toolsOf(call).map(({ atMs, ...line }) => ({ at: atMs, line }))
  const lines = [...said, ...done].sort((one, other) => one.at - other.at)
  const end = { ended: endReason, seconds: Math.round((durationMs ?? 0) / 1_000) }
  return ['<call>', ...[...lines.map(({ line }) => line), end].map(asData), '</call>'].join('\n')
}

function lineOf({ id, who, agent, text, cut }: WholeCall['turns'][number]) {
  const words = cutOff(text ?? '')
  return who === 'caller' ? { turn: id, who, text: words } : { turn: id, who, agent, text: words, isCut: cut }
}

function toolsOf({ events }: WholeCall) {
  return events.flatMap(({ type, atMs, stream, run, name, ...event }) => {
    if (type !== 'tool_finished') return []
    const started = events.find((one) => one.type === 'tool_started' && one.stream === stream && one['run'] === run)
    const { result, failed } = event
    const outcome = failed ? { failed: true } : { answered: cutOff(String(result ?? '')) }
    return [{ atMs, tool: name, given: cutOff(String(started?.['arguments'] ?? '')), ...outcome }]
  })
}

function cutOff(text: string): string {
  return text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS).toWellFormed()}…`
}

function asData(line: object): string {
  return JSON.stringify(line).replaceAll('<', '\\u003c')
}
