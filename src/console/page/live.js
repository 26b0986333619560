import { useEffect, useState } from 'preact/hooks'
import { ask, callUrl } from './api.js'
import { CallTable } from './call-table.js'
import { Problem } from './dialog.js'
import { endedCalls, liveCalls } from './feed.js'
import { clock, delay, who } from './format.js'
import { html } from './html.js'
import { isListening, listen, listenProblem, stopListening } from './listen.js'
import { useAnswer } from './load.js'
import { settings } from './settings.js'

/**
 * @import { LiveCall } from './feed.js'
 * @import { Call, Calls } from './types.d.ts'
 */

export function LiveView() {
  const running = liveCalls.value
  return html`
    <h1>Live</h1>
    ${
      running.length === 0
        ? html`<p class="none">Nobody is on the phone.</p>`
        : html`<ul class="live">${running.map((live) => html`<${LiveRow} key=${live.call.id} live=${live} />`)}</ul>`
    }
    <${Latest} />
  `
}

/** The calls that ended last, or what to do where there are none yet. */
function Latest() {
  const { data, error } = /** @type {ReturnType<typeof useAnswer<Calls>>} */ (
    useAnswer('/api/calls?limit=8', endedCalls.value)
  )
  const calls = data?.calls.filter(({ endedAt }) => endedAt !== null) ?? []
  if (error) return html`<${Problem} error=${error} />`
  if (!data) return null
  if (calls.length === 0) return liveCalls.value.length === 0 && html`<${FirstSteps} />`
  return html`
    <h2>Latest</h2>
    <${CallTable} calls=${calls} />
    <p><a href="/console/calls">All calls</a></p>
  `
}

/** An empty store. */
export function FirstSteps() {
  return html`
    <section class="card steps">
      <h2>No call yet</h2>
      <ol>
        <li><b>Talk to the agent from here.</b> Press Call in the telephone on this page.</li>
        <li>
          <b>Play a call without a telephone.</b> <code>npm run call</code> rings this server; the call appears here while it runs.
        </li>
        <li>
          <b>Point a number at this server.</b> In Twilio’s console, set the number’s “A call comes in” webhook to
          <code>https://YOUR-HOST/incoming-call</code>.
        </li>
      </ol>
    </section>
  `
}

/** @param {{ live: LiveCall }} props */
function LiveRow({ live: { call, turns, activity } }) {
  const last = [...turns.values()].filter(({ text, generatedText }) => text || generatedText).slice(-2)
  return html`
    <li class="card call">
      <p class="who">
        <a href=${`/console/calls/${call.id}`}>${who(call.direction === 'outbound' ? call.to : call.from)}</a>
        <span>${call.agent ?? 'no agent yet'}</span>
      </p>
      <p class="since"><${Since} at=${call.startedAt} /></p>
      <${Speaking} activity=${activity} />
      <dl class="readings">
        <div><dt>response p50</dt><dd>${delay(call.responseMs.p50)}</dd></div>
        <div><dt>node</dt><dd title=${call.node}>${call.node}</dd></div>
      </dl>
      <div class="words" aria-live="off">
        ${last.map((turn) => html`<p class=${turn.who}><b>${turn.who}</b> ${turn.text || turn.generatedText}</p>`)}
      </div>
      <${Actions} call=${call} />
    </li>
  `
}

/** @param {{ activity: LiveCall['activity'] }} props */
function Speaking({ activity }) {
  const { caller, agent } = activity
  return html`<p class=${`speaking ${caller ? 'caller' : ''} ${agent ? 'agent' : ''}`}><i></i>${soundOf(activity)}</p>`
}

/** @param {LiveCall['activity']} activity */
function soundOf({ isKnown, caller, agent, tools: [tool] }) {
  if (caller && agent) return 'both speak'
  if (caller) return 'caller speaks'
  if (agent) return 'agent speaks'
  if (tool) return `${tool} runs`
  return isKnown ? 'nobody speaks' : '…'
}

/** @param {{ at: string }} props */
function Since({ at }) {
  const [now, setNow] = useState(Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [])
  return html`<time datetime=${at}>${clock(now - Date.parse(at))}</time>`
}

/** What can be done to a call that runs. @param {{ call: Call }} props */
export function Actions({ call }) {
  const [problem, setProblem] = useState(/** @type {Error | undefined} */ (undefined))
  const [said, setSaid] = useState('')
  const id = call.callSid ?? call.id
  /** @param {string} verb @param {object} body @param {string} done */
  async function act(verb, body, done) {
    setProblem(undefined)
    setSaid('')
    await ask(`${callUrl(id)}/${verb}`, { method: 'POST', body }).then(() => setSaid(done), setProblem)
  }
  const listens = isListening.value === id
  return html`
    <div class="actions">
      ${
        settings.value?.['LISTEN'] === true &&
        html`<button aria-pressed=${listens} onClick=${() => (listens ? stopListening() : listen(id))}>Listen</button>`
      }
      <${Say} onSay=${(/** @type {string} */ text) => act('say', { text }, 'The agent was told.')} />
      <${TransferTo} onTransfer=${(/** @type {string} */ target) => act('transfer', { target }, `The caller is put through to ${target}.`)} />
      <button class="danger" onClick=${() => act('end', {}, 'The call comes to its end.')}>End</button>
      <p role="status">${said}</p>
      <${Problem} error=${problem ?? (listens ? listenProblem.value : undefined)} />
    </div>
  `
}

/** @param {{ onSay: (text: string) => void }} props */
function Say({ onSay }) {
  /** @param {SubmitEvent & { currentTarget: HTMLFormElement }} event */
  function submit(event) {
    event.preventDefault()
    const form = event.currentTarget
    const text = String(new FormData(form).get('text')).trim()
    if (text === '') return
    form.reset()
    onSay(text)
  }
  return html`
    <form class="say" onSubmit=${submit}>
      <input name="text" aria-label="What the agent should say" placeholder="Have the agent say …" maxlength="500" autocomplete="off" />
      <button>Say</button>
    </form>`
}

/** @param {{ onTransfer: (target: string) => void }} props */
function TransferTo({ onTransfer }) {
  const targets = settings.value?.['TRANSFER_TARGETS']
  if (!Array.isArray(targets) || targets.length === 0) return null
  /** @param {{ currentTarget: HTMLSelectElement }} event */
  function choose({ currentTarget }) {
    const target = currentTarget.value
    currentTarget.value = ''
    if (target) onTransfer(target)
  }
  return html`
    <select aria-label="Put the caller through to" onChange=${choose}>
      <option value="">Transfer …</option>
      ${targets.map((target) => html`<option>${target}</option>`)}
    </select>`
}
