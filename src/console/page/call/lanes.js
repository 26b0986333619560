import { clock, words } from '../format.js'
import { html } from '../html.js'
import { toolRuns } from './facts.js'

/**
 * @import { CallEvent } from '../types.d.ts'
 * @import { Player } from './player.js'
 * @typedef {{ startMs: number, endMs?: number, label: string, kind?: string }} Mark
 */

/** What stands in which lane. Lanes without anything in them are not shown. */
const LANES = /** @type {const} */ ({
  cut: ['barge_in'],
  agents: ['handoff', 'guardrail', 'transfer_asked', 'end_asked'],
  keys: ['key'],
  model: ['live', 'model_lost', 'model_back', 'model_failed', 'answer_finished'],
  notes: ['notice', 'message_taken', 'recording', 'recording_paused', 'recording_gap', 'ended']
})

/** About the width of a letter, in px. */
const LETTER_PX = 6.3

/** @param {{ events: readonly CallEvent[], totalMs: number, px: number, player: Player }} props */
export function Lanes({ events, totalMs, px, player }) {
  const tools = toolRuns(events).map(({ name, startMs, endMs, failed }) => ({
    ...{ startMs, endMs, label: name, kind: failed ? 'bad' : 'tool' }
  }))
  const lanes = Object.entries(LANES).map(([name, types]) => {
    const marks = events.filter(({ type }) => types.some((one) => one === type)).map(markOf)
    return { name, marks }
  })
  return [{ name: 'tools', marks: tools }, ...lanes]
    .filter(({ marks }) => marks.length > 0)
    .map(
      ({ name, marks }) => html`
        <div class="lane" key=${name}>
          <span class="name">${name}</span>
          ${labelled(marks, totalMs, px).map((mark) => html`<${MarkButton} mark=${mark} player=${player} />`)}
        </div>`
    )
}

/** @param {{ mark: Mark & { side: string }, player: Player }} props */
function MarkButton({ mark: { startMs, endMs = startMs, label, kind = '', side }, player }) {
  /** @param {Event} event */
  function seek(event) {
    // The axis would seek to the pixel.
    event.stopPropagation()
    player.seek(startMs)
  }
  return html`
    <button
      class=${`mark ${kind}`}
      tabindex="-1"
      title=${`${clock(startMs, true)} ${label}`}
      aria-label=${label}
      style=${{ '--at': String(Math.max(0, startMs) / 1000), '--length': String((endMs - startMs) / 1000) }}
      onClick=${seek}
    >
      ${side && html`<span class=${side}>${label}</span>`}
    </button>`
}

/**
 * Says where each mark's label stands: on its right, at the end of the axis on its left, and nowhere that another one
 * stands already.
 * @param {readonly Mark[]} marks @param {number} totalMs @param {number} px
 */
function labelled(marks, totalMs, px) {
  let free = 0
  return marks.map((mark) => {
    const width = mark.label.length * LETTER_PX + 10
    const at = (Math.max(0, mark.startMs) / 1000) * px
    const isLate = at + width > (totalMs / 1000) * px
    const from = isLate ? at - width : at
    if (from < free) return { ...mark, side: '' }
    free = from + width
    return { ...mark, side: isLate ? 'before' : 'after' }
  })
}

/** @param {CallEvent} event @returns {Mark} */
function markOf(event) {
  const { type, atMs } = event
  switch (type) {
    case 'barge_in': {
      const [from, to] = [Number(event['voiceStartMs']), Number(event['silentMs'])]
      return { startMs: from, endMs: to, label: `${Math.round(Number(event['talkOverMs']))} ms over`, kind: 'cut' }
    }
    case 'handoff':
      return { startMs: atMs, label: `to ${event['to']}` }
    case 'guardrail':
      return { startMs: atMs, label: `guardrail ${event['name']}`, kind: 'bad' }
    case 'transfer_asked':
      return { startMs: atMs, label: `to ${event['target']}` }
    case 'model_lost':
      return { startMs: atMs, label: `lost: ${words(String(event['trouble']))}`, kind: event['isRenewal'] ? '' : 'bad' }
    case 'model_failed':
      return { startMs: atMs, label: `failed: ${words(String(event['trouble']))}`, kind: 'bad' }
    case 'answer_finished':
      return { startMs: atMs, label: `answer ${event['status']}`, kind: event['status'] === 'failed' ? 'bad' : '' }
    case 'notice':
      return { startMs: atMs, label: String(event['what']) }
    case 'recording':
      return { startMs: atMs, label: `recording ${event['state']}` }
    case 'recording_gap':
      return { startMs: Number(event['fromMs']), endMs: Number(event['toMs']), label: 'not recorded' }
    case 'ended':
      return { startMs: atMs, label: words(String(event['reason'])) }
    default:
      return { startMs: atMs, label: words(type) }
  }
}
