import { useState } from 'preact/hooks'
import { ask } from '../api.js'
import { Problem } from '../dialog.js'
import { clock, when, words } from '../format.js'
import { html } from '../html.js'
import { startOf } from './facts.js'

/**
 * @import { Call, Delivery, Turn } from '../types.d.ts'
 * @import { Player } from './player.js'
 */

/**
 * What was learned from the call, and who was told.
 * @param {{ call: Call, result: Readonly<Record<string, unknown>> | null, deliveries: readonly Delivery[], turns: readonly Turn[], player: Player }} props
 */
export function Result({ call, result, deliveries, turns, player }) {
  if (call.resultState === 'off' && result === null && deliveries.length === 0) return null
  return html`
    <section class="card">
      <h2>Result ${call.resultState !== 'off' && html`<span class="tag">${call.resultState}</span>`}</h2>
      ${
        result &&
        html`
        <dl class="about">
          ${Object.entries(result).map(
            ([name, field]) => html`
              <div><dt>${words(name)}</dt><dd dir="auto">${shownValue(field)} <${Because} field=${field} turns=${turns} player=${player} /></dd></div>`
          )}
        </dl>`
      }
      ${deliveries.length > 0 && html`<${Deliveries} deliveries=${deliveries} />`}
    </section>`
}

/** @param {unknown} field a value, or `{ value, turns }` */
function shownValue(field) {
  const value = isGrounded(field) ? field.value : field
  return value === null || value === undefined ? '–' : typeof value === 'string' ? value : JSON.stringify(value)
}

/** @param {unknown} field @returns {field is { value: unknown, turns: readonly string[] }} */
function isGrounded(field) {
  return (
    typeof field === 'object' && field !== null && 'value' in field && 'turns' in field && Array.isArray(field.turns)
  )
}

/** The turns that a value was taken from. @param {{ field: unknown, turns: readonly Turn[], player: Player }} props */
function Because({ field, turns, player }) {
  if (!isGrounded(field)) return null
  return turns
    .filter(({ id }) => field.turns.includes(id))
    .map(
      (turn) =>
        html` <button class="link" onClick=${() => player.seek(startOf(turn))}>${clock(startOf(turn), true)}</button>`
    )
}

/** @param {{ deliveries: readonly Delivery[] }} props */
function Deliveries({ deliveries }) {
  const [problem, setProblem] = useState(/** @type {Error | undefined} */ (undefined))
  const [sent, setSent] = useState('')
  const send = (/** @type {string} */ id) =>
    ask(`/api/deliveries/${encodeURIComponent(id)}/send`, { method: 'POST' }).then(() => setSent(id), setProblem)
  return html`
    <${Problem} error=${problem} />
    <div class="scroll" tabindex="0" role="region" aria-label="Deliveries">
      <table>
        <thead>
          <tr><th scope="col">Webhook</th><th scope="col">State</th><th scope="col" class="n">Attempts</th><th scope="col" class="n">Status</th><th scope="col">When</th><th scope="col"><span class="sr">again</span></th></tr>
        </thead>
        <tbody>
          ${deliveries.map(
            ({ webhookId, type, state, attempts, status, at }) => html`
              <tr>
                <th scope="row" title=${webhookId}>${type}</th>
                <td>${state}</td>
                <td class="n">${attempts}</td>
                <td class="n">${status ?? '–'}</td>
                <td>${when(at)}</td>
                <td>${sent === webhookId ? 'is sent again' : html`<button class="link" onClick=${() => send(webhookId)}>Send again</button>`}</td>
              </tr>`
          )}
        </tbody>
      </table>
    </div>`
}
