import { useEffect, useMemo, useState } from 'preact/hooks'
import { callUrl } from './api.js'
import { Axis } from './call/axis.js'
import { Cost } from './call/cost.js'
import { Erase } from './call/erase.js'
import { lastMs, mergeFact } from './call/facts.js'
import { usePlayer } from './call/player.js'
import { RawEvents } from './call/raw.js'
import { Result } from './call/result.js'
import { Scene } from './call/scene.js'
import { StageTable, stagesOf, Verdict } from './call/stations.js'
import { Transcript } from './call/transcript.js'
import { Ending, Parties } from './call-table.js'
import { Problem } from './dialog.js'
import { follow } from './feed.js'
import { clock, delay, money, when, who } from './format.js'
import { html } from './html.js'
import { Actions } from './live.js'
import { useAnswer } from './load.js'
import { address } from './route.js'

/** @import { Call, WholeCall } from './types.d.ts' */

/** @param {{ id: string }} props */
export function CallView({ id }) {
  const { data, error, again, set } = /** @type {ReturnType<typeof useAnswer<WholeCall>>} */ (useAnswer(callUrl(id)))
  useEffect(
    () =>
      follow((fact) => {
        if (fact.type === 'call' && (fact.call.id === id || fact.call.callSid === id) && fact.call.endedAt !== null)
          again()
        else set((whole) => mergeFact(whole, fact))
      }),
    [id]
  )
  if (!data) return html`<h1>Call</h1><${Problem} error=${error} />`
  return html`<${Shown} whole=${data} />`
}

/** @param {{ whole: WholeCall }} props */
function Shown({ whole }) {
  const { call, turns, events, usage, result, deliveries } = whole
  const isRunning = call.endedAt === null
  const player = usePlayer(call.recording === 'kept' ? `${callUrl(call.id)}/recording` : undefined)
  const answers = useMemo(() => stagesOf(turns), [turns])
  // A link to a place in the call.
  const at = Number(address.value.searchParams.get('at'))
  useEffect(() => {
    if (at > 0) player.seek(at, { play: false })
  }, [player, at])
  return html`
    <header class="title">
      <h1><${Parties} call=${call} /></h1>
      <p class="sub">
        <time datetime=${call.startedAt}>${when(call.startedAt)}</time>
        <span>${call.agent ?? 'no agent'}</span>
        ${isRunning ? html`<span class="tag live">live</span>` : html`<span><${Ending} call=${call} /></span>`}
      </p>
      <div class="tools"><${Scene} whole=${whole} /> <${Erase} call=${call} /></div>
    </header>
    ${isRunning && html`<${Actions} call=${call} />`}
    <${Figures} call=${call} />
    <${Verdict} answers=${answers} player=${player} />
    <${Axis} whole=${whole} totalMs=${lastMs(whole)} player=${player} />
    <${Transcript} turns=${turns} events=${events} answers=${answers} player=${player} />
    <div class="columns">
      <${StageTable} answers=${answers} player=${player} />
      <${Cost} call=${call} usage=${usage} />
    </div>
    <${Result} call=${call} result=${result} deliveries=${deliveries} turns=${turns} player=${player} />
    <${About} call=${call} />
    <${RawEvents} events=${events} player=${player} />
  `
}

/** The call in nine numbers. @param {{ call: Call }} props */
function Figures({ call }) {
  const { p50, p90, max } = call.responseMs
  const waits = 'from the caller’s last sound to the agent’s first, without answers that needed a tool'
  /** @type {[name: string, value: string, title?: string][]} */
  const figures = [
    ['Length', call.durationMs === null ? 'running' : clock(call.durationMs)],
    ['First sound', delay(call.firstAudioMs)],
    ['Response p50', delay(p50), waits],
    ['p90', delay(p90), waits],
    ['Slowest', delay(max), waits],
    ['Cut in', String(call.bargeIns)],
    ['Tools', String(call.tools)],
    ['Model lost', String(call.reconnections)],
    ['Cost', money(call.costUsd)]
  ]
  return html`<dl class="figures">${figures.map(([name, value, title]) => html`<div title=${title}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`
}

/** @param {{ call: Call }} props */
function About({ call }) {
  const [isOpen, setOpen] = useState(false)
  /** @type {[string, unknown][]} */
  const facts = [
    ['Call', call.callSid ?? call.id],
    ['Direction', call.direction],
    ['From', who(call.from)],
    ['To', who(call.to)],
    ['Server', call.node],
    ['Version', call.version],
    ['Recording', call.recording],
    ['Consent', call.consent && Object.values(call.consent).filter(Boolean).join(', ')],
    ...Object.entries(call.parameters)
  ]
  return html`
    <details open=${isOpen} onToggle=${(/** @type {any} */ event) => setOpen(event.currentTarget.open)}>
      <summary><h2>About this call</h2></summary>
      <dl class="about">
        ${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd><bdi>${String(value ?? '–')}</bdi></dd></div>`)}
      </dl>
    </details>`
}
