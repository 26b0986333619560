import { clock, delay, words } from '../format.js'
import { html } from '../html.js'
import { useAfterPaint } from '../load.js'
import { heardAndNot, startOf, toolRuns, unheardMs } from './facts.js'
import { StageBar, slowest } from './stations.js'

/**
 * @import { CallEvent, Turn } from '../types.d.ts'
 * @import { Answer } from './stations.js'
 * @import { Player } from './player.js'
 * @typedef {{ atMs: number, key: string, line: unknown }} Line
 */

/** As many as a screen shows. */
const FIRST_LINES = 30
const LONG = 200

/**
 * What was said and done, in order. Heard words are plain, unheard ones are struck out.
 * @param {{ turns: readonly Turn[], events: readonly CallEvent[], answers: readonly Answer[], player: Player }} props
 */
export function Transcript({ turns, events, answers, player }) {
  const isPainted = useAfterPaint()
  const mostMs = slowest(answers)
  const byTurn = new Map(answers.map((answer) => [answer.turn, answer]))
  /** @type {Line[]} */
  const lines = [
    ...turns.map((turn) => ({
      ...{ atMs: startOf(turn), key: turn.stream + turn.id },
      line: html`<${TurnLine} turn=${turn} answer=${byTurn.get(turn)} mostMs=${mostMs} events=${events} />`
    })),
    ...toolRuns(events).map((run) => ({
      ...{ atMs: run.startMs, key: `tool ${run.startMs} ${run.name}` },
      line: html`<${ToolLine} run=${run} />`
    })),
    ...withoutRepeats(events).flatMap(noteOf)
  ]
  if (lines.length === 0) return html`<p class="none">Nothing has been said.</p>`
  return html`
    <section class=${`card transcript ${lines.length > LONG ? 'long' : ''}`}>
      <h2>What was said and heard</h2>
      <ol>
        ${lines
          .sort((one, other) => one.atMs - other.atMs)
          .slice(0, isPainted ? undefined : FIRST_LINES)
          .map(({ atMs, key, line }) => html`<li key=${key}><${At} atMs=${atMs} player=${player} />${line}</li>`)}
      </ol>
    </section>`
}

/** The time of a line, which plays the call from there. @param {{ atMs: number, player: Player }} props */
function At({ atMs, player }) {
  if (atMs === Number.MAX_SAFE_INTEGER) return html`<span class="at muted">–</span>`
  return html`<button class="at link" onClick=${() => player.seek(Math.max(0, atMs))}>${clock(atMs, true)}</button>`
}

/** @param {{ turn: Turn, answer: Answer | undefined, mostMs: number, events: readonly CallEvent[] }} props */
function TurnLine({ turn, answer, mostMs, events }) {
  const { heard, unheard } = heardAndNot(turn)
  const cutMs = unheardMs(turn)
  const bargeIn = turn.cut ? events.find((event) => event.type === 'barge_in' && event['turn'] === turn.id) : undefined
  return html`
    <span class=${`speaker ${turn.who}`}>${turn.who === 'agent' ? (turn.agent ?? 'agent') : 'caller'}</span>
    <p class="said" dir="auto">
      ${heard}${unheard && html`<del><span class="sr">not heard: </span>${unheard}</del>`}
      ${turn.textState === 'never' && !heard && html`<em class="muted">words unknown</em>`}
      ${turn.textState === 'partial' && html`<em class="muted"> …</em>`}
      ${bargeIn && html`<span class="note">the caller cut in and was talked over for ${delay(Number(bargeIn['talkOverMs']))}; ${delay(cutMs)} of sound was not heard</span>`}
      ${turn.cut && !bargeIn && cutMs > 0 && html`<span class="note">${delay(cutMs)} of sound was not heard</span>`}
    </p>
    ${answer && html`<span class="took"><${StageBar} answer=${answer} mostMs=${mostMs} /><b>${delay(answer.totalMs)}</b></span>`}`
}

/** @param {{ run: ReturnType<typeof toolRuns>[number] }} props */
function ToolLine({ run }) {
  const { name, startMs, endMs, failed } = run
  return html`
    <span class="speaker tool">tool</span>
    <p class="said">
      <code>${name}</code> ${run.arguments !== undefined && html`<code class="muted" dir="auto">${String(run.arguments)}</code>`}
      ${run.result !== undefined && html`<span class="note" dir="auto">${String(run.result)}</span>`}
      ${failed && html`<span class="tag fault">failed</span>`}
    </p>
    <span class="took"><b>${delay(endMs - startMs)}</b></span>`
}

/** Keys that were pressed one after the other are one line. @param {readonly CallEvent[]} events */
function withoutRepeats(events) {
  /** @type {{ event: CallEvent, times: number }[]} */
  const lines = []
  for (const event of events) {
    const last = lines.at(-1)
    if (event.type === 'key' && last?.event.type === 'key') last.times += 1
    else lines.push({ event, times: 1 })
  }
  return lines
}

/** What a reader of the words wants to know of. @param {{ event: CallEvent, times: number }} line @returns {Line[]} */
function noteOf({ event, times }) {
  const text = textOf(event, times)
  if (text === undefined) return []
  const line = html`<span class="speaker">${words(event.type)}</span><p class="said muted" dir="auto">${text}</p>`
  return [{ atMs: event.atMs, key: `event ${event.stream} ${event.seq}`, line }]
}

/** @param {CallEvent} event @param {number} times */
function textOf(event, times) {
  switch (event.type) {
    case 'handoff':
      return `${event['from']} hands over to ${event['to']}`
    case 'key':
      return times === 1 ? 'the caller pressed a key' : `the caller pressed ${times} keys`
    case 'guardrail':
      return `${event['name']} stopped the agent`
    case 'transfer_asked':
      return `the caller is put through to ${event['target']}`
    case 'model_lost':
      return event['isRenewal'] ? 'the session was replaced before its time was up' : words(String(event['trouble']))
    case 'model_back':
      return 'a new session has the conversation so far'
    default:
      return undefined
  }
}
