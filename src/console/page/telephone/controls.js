import { useEffect, useRef, useState } from 'preact/hooks'
import { html } from '../html.js'

/** @typedef {import('./state.js').Props} Props */

const KEYS = [...'123456789*0#']

/** What can be done now. @param {Props} props */
export function Controls({ phone }) {
  const state = phone.state.value
  if (state.name === 'transferring') return html`<${Transfer} phone=${phone} />`
  if (!phone.isBusy) return html`<${Ring} phone=${phone} />`
  return html`
    ${state.name === 'talking' && html`<${OnTheLine} phone=${phone} />`}
    <button class="hang-up" onClick=${() => phone.hangUp()}>Hang up</button>`
}

/** @param {Props} props */
function Ring({ phone }) {
  const state = phone.state.value
  const isSilent = state.name === 'refused' && state.trouble.isOfMicrophone
  return html`
    <button class="call" onClick=${() => phone.ring()}>${state.name === 'idle' ? 'Call' : 'Call again'}</button>
    ${isSilent && html`<button onClick=${() => phone.ring({ withMicrophone: false })}>Call without a microphone</button>`}
    ${phone.sentences.value && html`<p class="muted">${PRACTICE}</p>`}`
}

const PRACTICE =
  'A practice model answers, without a key. It hears that you speak, not what you say: click or type sentences for it.'

/** @param {Props} props */
function Transfer({ phone }) {
  return html`
    <div class="pair">
      <button onClick=${() => phone.answerTransfer('no-answer')}>No answer</button>
      <button onClick=${() => phone.answerTransfer('completed')}>They talked</button>
    </div>
    <button class="hang-up" onClick=${() => phone.hangUp()}>Hang up</button>`
}

/** @param {Props} props */
function OnTheLine({ phone }) {
  return html`
    <${Loudness} phone=${phone} />
    ${phone.sentences.value && html`<${Sentences} phone=${phone} sentences=${phone.sentences.value} />`}
    <div class="pair">
      ${
        phone.hasMicrophone.value &&
        html`
        <button aria-pressed=${phone.isMuted.value} onClick=${() => phone.toggleMute()}>
          ${phone.isMuted.value ? 'Muted' : 'Mute'}
        </button>`
      }
      <${Keypad} phone=${phone} />
    </div>
    <div class="sounds" role="group" aria-label="Sounds on your side">
      <button onClick=${() => phone.play('mhm')}>“Mhm”</button>
      <button onClick=${() => phone.play('cough')}>Cough</button>
      <button aria-pressed=${phone.isInCompany.value} onClick=${() => phone.toggleCompany()}>Room with people</button>
    </div>`
}

/** How loud the agent is. It moves with the screen, and not through signals. @param {Props} props */
function Loudness({ phone }) {
  const ref = useRef(/** @type {HTMLMeterElement | null} */ (null))
  useEffect(() => {
    let request = requestAnimationFrame(function show() {
      if (ref.current) ref.current.value = phone.loudness
      request = requestAnimationFrame(show)
    })
    return () => cancelAnimationFrame(request)
  }, [phone])
  return html`<meter ref=${ref} min="0" max="0.6" aria-label="The agent’s voice"></meter>`
}

/** Each key also works from the keyboard, while the keypad has the focus. @param {Props} props */
function Keypad({ phone }) {
  const [pressed, setPressed] = useState('')
  const press = (/** @type {string} */ key) => {
    phone.press(key)
    setPressed((before) => `${before}${key}`.slice(-12))
  }
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if (KEYS.includes(event.key)) press(event.key)
  }
  return html`
    <details class="keypad">
      <summary class="button">Keypad</summary>
      <div role="group" aria-label="Keypad" onKeyDown=${onKey}>
        ${KEYS.map((key) => html`<button key=${key} onClick=${() => press(key)}>${key}</button>`)}
      </div>
      <output aria-label="Keys pressed">${pressed}</output>
    </details>`
}

/** @param {Props & { sentences: readonly string[] }} props */
function Sentences({ phone, sentences }) {
  const speaking = phone.speaking.value
  const say = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault()
    const form = /** @type {HTMLFormElement} */ (event.currentTarget)
    void phone.say(String(new FormData(form).get('sentence')))
    form.reset()
  }
  return html`
    <div class="sentences" role="group" aria-label="Sentences">
      <ul>
        ${sentences.map(
          (text) => html`
          <li key=${text}>
            <button class=${speaking === text ? 'speaking' : ''} disabled=${speaking !== ''} onClick=${() => phone.say(text)}>
              ${text}
            </button>
          </li>`
        )}
      </ul>
      <form onSubmit=${say}>
        <input name="sentence" maxlength="300" aria-label="A sentence of your own" placeholder="Your own sentence" autocomplete="off" />
        <button disabled=${speaking !== ''}>Say</button>
      </form>
    </div>`
}
