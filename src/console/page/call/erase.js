import { useState } from 'preact/hooks'
import { ask, callUrl } from '../api.js'
import { Dialog, Problem } from '../dialog.js'
import { html } from '../html.js'
import { go } from '../route.js'

/** @import { Call } from '../types.d.ts' */

/** @param {{ call: Call }} props */
export function Erase({ call }) {
  const [isAsked, setAsked] = useState(false)
  const [problem, setProblem] = useState(/** @type {Error | undefined} */ (undefined))
  const number = call.direction === 'outbound' ? call.to : call.from
  const callerUrl = `/api/callers/${encodeURIComponent(number ?? '')}`
  const isNumber = number !== null && /^\+\d+$/.test(number)
  /** @param {string} url */
  const erase = (url) => ask(url, { method: 'DELETE' }).then(() => go('/console/calls'), setProblem)
  return html`
    ${isNumber && html`<a class="button" href=${callerUrl} download=${`${number}.json`}>Export caller</a>`}
    <button class="danger" onClick=${() => setAsked(true)}>Erase</button>
    ${
      isAsked &&
      html`
      <${Dialog} title="Erase" onClose=${() => setAsked(false)}>
        <p>Words, sound, events and what the agent’s tools kept are deleted from every copy. That cannot be undone.</p>
        <${Problem} error=${problem} />
        <form method="dialog" class="tools">
          <button type="button" class="danger" onClick=${() => erase(callUrl(call.id))}>Erase this call</button>
          ${isNumber && html`<button type="button" class="danger" onClick=${() => erase(callerUrl)}>Erase everything of ${number}</button>`}
          <button autofocus>Keep</button>
        </form>
      <//>`
    }`
}
