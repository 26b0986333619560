import { useEffect, useState } from 'preact/hooks'
import { html } from '../html.js'

/** @typedef {{ phone: import('./phone.js').Phone }} Props */

/** What the telephone does now, in a sentence; read out as it changes. @param {Props} props */
export function StateOfCall({ phone }) {
  const state = phone.state.value
  const callSid = 'callSid' in state ? state.callSid : undefined
  return html`
    <div class="call-state">
      <p role="status">${sentenceFor(state)}</p>
      ${state.name === 'talking' && html`<${Clock} since=${state.since} />`}
      ${state.name === 'refused' && state.trouble.what === 'signed out' && html`<a href=${signIn()}>Sign in</a>`}
      ${callSid && html`<a href=${`/console/calls/${callSid}`}>${state.name === 'over' ? 'See the call' : 'Watch the call'}</a>`}
    </div>`
}

/** @param {import('./phone.js').State} state */
function sentenceFor(state) {
  switch (state.name) {
    case 'idle':
      return 'Ring your agent from here.'
    case 'asking':
      return 'Asking for the microphone …'
    case 'ringing':
      return state.say ? `“${state.say}”` : 'Ringing …'
    case 'talking':
      return 'On the line.'
    case 'transferring':
      return transferSentence(state)
    case 'over':
      return `Call over. ${state.why}`
    case 'refused':
      return state.trouble.message
  }
}

/** @param {Extract<import('./phone.js').State, { name: 'transferring' }>} state */
function transferSentence({ target, number, summary }) {
  const who = number === null ? target : `${target} (${number})`
  const told = summary === '' ? '' : ` They would be told: “${summary}”`
  return `The agent puts you through to ${who}. Nobody is dialled from this page.${told}`
}

const signIn = () => `/console/login?${new URLSearchParams({ to: location.pathname + location.search })}`

/** @param {{ since: number }} props */
function Clock({ since }) {
  const [now, setNow] = useState(since)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000)
    return () => clearInterval(timer)
  }, [])
  const seconds = Math.max(0, Math.round((now - since) / 1_000))
  return html`<span class="clock" role="timer">${Math.floor(seconds / 60)}:${`${seconds % 60}`.padStart(2, '0')}</span>`
}
