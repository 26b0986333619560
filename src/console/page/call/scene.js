import { useState } from 'preact/hooks'
import { Dialog } from '../dialog.js'
import { html } from '../html.js'

/** @import { CallEvent, Turn, WholeCall } from '../types.d.ts' */

/** A caller who waits longer than this, in ms, is silent on purpose. */
const SILENCE_MS = 5_000

/** @param {{ whole: WholeCall }} props */
export function Scene({ whole }) {
  const [yaml, setYaml] = useState(/** @type {string | undefined} */ (undefined))
  const [isCopied, setCopied] = useState(false)
  /** Where the page may not copy, the text is there to be selected. */
  const copy = () =>
    navigator.clipboard?.writeText(yaml ?? '').then(
      () => setCopied(true),
      () => {}
    )
  return html`
    <button onClick=${() => setYaml(sceneOf(whole))}>Make a scene of this</button>
    ${
      yaml !== undefined &&
      html`
      <${Dialog} title="A scene of this call" onClose=${() => setYaml(undefined)}>
        <p>The caller’s side, to be played to the agent again. Save it as a <code>.yaml</code> file and say what you expect.</p>
        <textarea readonly rows="14" aria-label="The scene">${yaml}</textarea>
        <form method="dialog" class="tools">
          <span role="status">${isCopied && 'copied'}</span>
          <button type="button" class="primary" onClick=${copy}>Copy</button>
          <button>Close</button>
        </form>
      <//>`
    }`
}

/** The caller's turns as a scene. JSON strings are YAML. @param {WholeCall} whole */
export function sceneOf({ call, turns, events }) {
  const bargeIns = events.filter(({ type }) => type === 'barge_in')
  const steps = [
    ...turns
      .filter(({ who, startMs }) => who === 'caller' && startMs !== null)
      .map((turn) => ({ atMs: turn.startMs ?? 0, turn })),
    ...events.filter(({ type }) => type === 'key').map(({ atMs }) => ({ atMs, turn: undefined }))
  ].sort((one, other) => one.atMs - other.atMs)
  const lines = [`name: ${JSON.stringify(`call of ${call.startedAt}`)}`, 'turns:']
  let quietSince = 0
  for (const { atMs, turn } of steps) {
    const agentSpoke =
      turns.filter(({ who, endMs }) => who === 'agent' && endMs !== null && endMs <= atMs).at(-1)?.endMs ?? 0
    const quietMs = atMs - Math.max(quietSince, agentSpoke)
    if (quietMs > SILENCE_MS) lines.push(`  - silence: ${Math.round(quietMs)}`)
    lines.push(
      ...(turn
        ? sayOf(turn, bargeInOf(turn, turns, bargeIns))
        : ["  - press: '0' # keys are not kept: put the right one here"])
    )
    quietSince = turn?.endMs ?? atMs
  }
  return `${lines.join('\n')}\n`
}

/** @param {Turn} turn @param {number | undefined} bargeInMs */
function sayOf({ text }, bargeInMs) {
  const said = text ? [`  - say: ${JSON.stringify(text)}`] : ["  - say: '' # the words of this turn are not known"]
  return bargeInMs === undefined ? said : [...said, `    bargeInMs: ${bargeInMs}`]
}

/** How long the answer that this turn interrupted had been heard, in ms. @param {Turn} turn @param {readonly Turn[]} turns @param {readonly CallEvent[]} bargeIns */
function bargeInOf({ startMs, endMs }, turns, bargeIns) {
  if (startMs === null) return undefined
  const bargeIn = bargeIns.find((event) => {
    const at = Number(event['voiceStartMs'])
    return at >= startMs - 100 && at <= (endMs ?? startMs + 1_000)
  })
  const answer = turns.find(({ id }) => id === bargeIn?.['turn'])
  if (!bargeIn || answer?.startMs === null || answer === undefined) return undefined
  return Math.max(0, Math.round(startMs - (answer.startMs ?? startMs)))
}
