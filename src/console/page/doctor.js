import { useState } from 'preact/hooks'
import { Problem } from './dialog.js'
import { html } from './html.js'
import { useAnswer } from './load.js'

/** @import { Examination } from '../../doctor/finding.ts' */

const STATES = { ok: 'well', warn: 'warning', bad: 'bad' }

/** What the doctor finds, asked for by a button: it opens a model's socket and asks Twilio, which takes a few seconds. */
export function Doctor() {
  const [isAsked, setAsked] = useState(false)
  const path = isAsked ? '/api/doctor' : undefined
  const { data, error } = /** @type {ReturnType<typeof useAnswer<Examination>>} */ (useAnswer(path))
  const isLooking = isAsked && !data && !error
  return html`
    <section class="card" aria-busy=${isLooking}>
      <h2>Doctor</h2>
      <${Problem} error=${error} />
      ${data ? html`<${Findings} findings=${data.findings} />` : html`<p class="muted">Looks at everything between a caller and the agent: this machine, the settings, the model, the public address, Twilio.</p>`}
      <p><button disabled=${isLooking} onClick=${() => setAsked((asked) => !asked || !data)}>${isLooking ? 'Looking…' : data ? 'Close' : 'Examine'}</button></p>
    </section>`
}

/** @param {{ findings: Examination['findings'] }} props */
function Findings({ findings }) {
  return html`
    <ul class="findings">
      ${findings.map(
        ({ state, what, why, mend }) => html`
        <li>
          <span class=${`state ${state}`}>${STATES[state]}</span>
          <div>
            <p>${what}</p>
            ${why && html`<p class="muted">${why}</p>`}
            ${mend && html`<p>${mend}</p>`}
          </div>
        </li>`
      )}
    </ul>`
}
