import { clock, delay, money, when, who, words } from './format.js'
import { html } from './html.js'

/** @import { Call } from './types.d.ts' */

/**
 * Calls as rows; each one's time is the link to it. On a narrow page the rows are laid out as cards, and would be no table
 * any more to a screen reader without their roles.
 * @param {{ calls: readonly Call[] }} props
 */
export function CallTable({ calls }) {
  return html`
    <div class="scroll" tabindex="0" role="region" aria-label="Calls">
      <table class="calls" role="table">
        <thead role="rowgroup">
          <tr role="row">
            <th role="columnheader" scope="col">When</th>
            <th role="columnheader" scope="col">Who</th>
            <th role="columnheader" scope="col">Agent</th>
            <th role="columnheader" scope="col" class="n">Length</th>
            <th role="columnheader" scope="col">Ended by</th>
            <th role="columnheader" scope="col" class="n"><abbr title="from the answer to the agent’s first sound">First</abbr></th>
            <th role="columnheader" scope="col" class="n"><abbr title="response, half of the answers were as fast">p50</abbr></th>
            <th role="columnheader" scope="col" class="n"><abbr title="response, nine of ten answers were as fast">p90</abbr></th>
            <th role="columnheader" scope="col" class="n"><abbr title="the caller spoke over the agent">Cut in</abbr></th>
            <th role="columnheader" scope="col" class="n"><abbr title="what OpenAI bills">Cost</abbr></th>
          </tr>
        </thead>
        <tbody role="rowgroup">
          ${calls.map((call) => html`<${Row} key=${call.id} call=${call} />`)}
        </tbody>
      </table>
    </div>`
}

/** @param {{ call: Call }} props */
function Row({ call }) {
  const { p50, p90 } = call.responseMs
  return html`
    <tr role="row">
      <th role="rowheader" scope="row"><a href=${`/console/calls/${call.id}`}>${when(call.startedAt)}</a></th>
      <td role="cell" class="who"><${Parties} call=${call} /></td>
      <td role="cell" class="agent">${call.agent ?? '–'}</td>
      <td role="cell" class="n length">${call.durationMs === null ? html`<span class="tag live">live</span>` : clock(call.durationMs)}</td>
      <td role="cell" class="ending"><${Ending} call=${call} /></td>
      <td role="cell" class="n more">${delay(call.firstAudioMs)}</td>
      <td role="cell" class="n p50">${delay(p50)}</td>
      <td role="cell" class="n more">${delay(p90)}</td>
      <td role="cell" class="n more">${call.bargeIns || '–'}</td>
      <td role="cell" class="n cost">${money(call.costUsd)}</td>
    </tr>`
}

/** Our number is not named where a caller rang it. @param {{ call: Call }} props */
export function Parties({ call }) {
  const name = call.direction === 'outbound' ? html`<span class="muted">to</span> ${who(call.to)}` : who(call.from)
  return html`
    <bdi>${name}</bdi>
    ${call.practice && html` <span class="tag">practice</span>`}
    ${call.recording === 'kept' && html` <span class="tag" title="there is a recording">rec</span>`}`
}

/** @param {{ call: Call }} props */
export function Ending({ call: { endReason, fault } }) {
  if (endReason === null) return null
  const isTrouble = fault !== null && !['caller', 'agent', 'operator'].includes(fault)
  return html`${words(endReason)}${isTrouble && html` <span class="tag fault">${fault}</span>`}`
}
