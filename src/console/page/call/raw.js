import { useState } from 'preact/hooks'
import { clock, count } from '../format.js'
import { html } from '../html.js'

/**
 * @import { CallEvent } from '../types.d.ts'
 * @import { Player } from './player.js'
 */

/** Every event that was kept, as it was kept. @param {{ events: readonly CallEvent[], player: Player }} props */
export function RawEvents({ events, player }) {
  const [isOpen, setOpen] = useState(false)
  return html`
    <details onToggle=${(/** @type {any} */ event) => setOpen(event.currentTarget.open)}>
      <summary><h2>${count(events.length)} events</h2></summary>
      ${
        isOpen &&
        html`
        <div class="scroll" tabindex="0" role="region" aria-label="Events">
          <table class="raw">
            <tbody>
              ${events.map(
                ({ seq, atMs, type, stream, ...fields }) => html`
                  <tr key=${`${stream} ${seq}`}>
                    <td class="n"><button class="link" onClick=${() => player.seek(atMs)}>${clock(atMs, true)}</button></td>
                    <th scope="row">${type}</th>
                    <td><code dir="auto">${Object.keys(fields).length > 0 ? JSON.stringify(fields) : ''}</code></td>
                  </tr>`
              )}
            </tbody>
          </table>
        </div>`
      }
    </details>`
}
