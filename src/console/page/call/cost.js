import { count, money } from '../format.js'
import { html } from '../html.js'

/** @import { Call, Usage } from '../types.d.ts' */

const COUNTS = /** @type {const} */ ([
  ['audioIn', 'audio in'],
  ['cachedAudio', 'of it cached'],
  ['audioOut', 'audio out'],
  ['textIn', 'text in'],
  ['cachedText', 'of it cached'],
  ['textOut', 'text out'],
  ['seconds', 'seconds']
])

/** What the call cost, as money and as what was counted. @param {{ call: Call, usage: readonly Usage[] }} props */
export function Cost({ call: { cost, costUsd }, usage }) {
  /** @type {[string, number][]} */
  const parts = [
    ['Model', cost.model],
    ['Transcription', cost.transcription],
    ['Analysis', cost.analysis]
  ]
  const models = byModel(usage)
  return html`
    <section class="card cost">
      <h2>Cost</h2>
      <table>
        <tbody>
          ${parts.map(([name, usd]) => html`<tr><th scope="row">${name}</th><td class="n">${money(usd)}</td></tr>`)}
          <tr class="sum"><th scope="row">OpenAI bills</th><td class="n">${money(costUsd)}</td></tr>
          <tr><th scope="row">Telephony, estimated</th><td class="n">${money(cost.telephonyEstimate)}</td></tr>
        </tbody>
      </table>
      ${
        models.length > 0 &&
        html`
        <div class="scroll" tabindex="0" role="region" aria-label="Tokens">
          <table>
            <thead>
              <tr><th scope="col">Counted</th>${models.map(({ model }) => html`<th scope="col" class="n">${model}</th>`)}</tr>
            </thead>
            <tbody>
              ${COUNTS.filter(([field]) => models.some((usage) => usage[field] > 0)).map(
                ([field, name]) => html`
                  <tr>
                    <th scope="row">${name}</th>
                    ${models.map((usage) => html`<td class="n">${usage[field] === 0 ? '–' : count(Math.round(usage[field]))}</td>`)}
                  </tr>`
              )}
            </tbody>
          </table>
        </div>`
      }
    </section>`
}

/** @param {readonly Usage[]} usage */
function byModel(usage) {
  /** @type {Map<string, Record<(typeof COUNTS)[number][0], number> & { model: string }>} */
  const sums = new Map()
  for (const one of usage) {
    const sum = sums.get(one.model) ?? { model: one.model, ...zeros() }
    for (const [field] of COUNTS) sum[field] += one[field]
    sums.set(one.model, sum)
  }
  return [...sums.values()]
}

const zeros = () => ({ audioIn: 0, cachedAudio: 0, audioOut: 0, textIn: 0, cachedText: 0, textOut: 0, seconds: 0 })
