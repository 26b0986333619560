import { signal } from '@preact/signals'
import { render } from 'preact'
import { html } from '../html.js'
import { Controls } from './controls.js'
import { Phone } from './phone.js'
import { StateOfCall } from './state.js'

const phone = new Phone()
const KEPT_OPEN = 'telephone'
/** On a small screen it would cover the page. */
const isOpen = signal((localStorage.getItem(KEPT_OPEN) ?? (innerWidth < 720 ? 'closed' : 'open')) === 'open')

/** Docked beside every view; a call goes on while the views change. */
function Telephone() {
  const { name } = phone.state.value
  return html`
    <section class=${`phone ${isOpen.value ? 'open' : ''} ${name}`}>
      <h2>
        <button class="quiet" aria-expanded=${isOpen.value} aria-controls="phone-body" onClick=${toggle}>
          <span class="lamp" aria-hidden="true"></span>Telephone
        </button>
      </h2>
      <${StateOfCall} phone=${phone} />
      <div id="phone-body" hidden=${!isOpen.value}><${Controls} phone=${phone} /></div>
    </section>`
}

function toggle() {
  isOpen.value = !isOpen.value
  localStorage.setItem(KEPT_OPEN, isOpen.value ? 'open' : 'closed')
}

// Leaving the page is hanging up: without it the server would wait for a stream that was lost.
addEventListener('pagehide', () => phone.isBusy && phone.hangUp())
addEventListener('beforeunload', (event) => phone.isBusy && event.preventDefault())
void phone.learn()
render(html`<${Telephone} />`, /** @type {HTMLElement} */ (document.getElementById('telephone')))
