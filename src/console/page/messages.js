import { useState } from 'preact/hooks'
import { ask, query } from './api.js'
import { Dialog, Problem } from './dialog.js'
import { when, who, words } from './format.js'
import { html } from './html.js'
import { useAnswer } from './load.js'
import { address } from './route.js'

/** @import { Item, Items } from './types.d.ts' */

/** What the agent took down: messages, bookings, and what the tools of one's own agents keep. */
export function MessagesView() {
  const cursor = address.value.searchParams.get('cursor') ?? ''
  const { data, error, again, set } = /** @type {ReturnType<typeof useAnswer<Items>>} */ (
    useAnswer(`/api/items${query({ cursor })}`)
  )
  const [problem, setProblem] = useState(/** @type {Error | undefined} */ (undefined))
  /** @param {Item} item */
  const urlOf = ({ kind, key }) => `/api/items/${encodeURIComponent(kind)}/${encodeURIComponent(key)}`
  /** Shown at once, and taken back where the server does not take it. @param {Item} item @param {boolean} done */
  function mark(item, done) {
    const marked = { ...item, doneAt: done ? new Date().toISOString() : null }
    set((page) => ({
      ...page,
      items: page.items.map((one) => (one.kind === item.kind && one.key === item.key ? marked : one))
    }))
    ask(urlOf(item), { method: 'PATCH', body: { done } }).catch((failure) => {
      setProblem(failure)
      again()
    })
  }
  /** @param {Item} item */
  const remove = (item) => ask(urlOf(item), { method: 'DELETE' }).then(again, setProblem)
  const kinds = [...new Set(data?.items.map(({ kind }) => kind))]
  return html`
    <h1>Messages and bookings</h1>
    <${Problem} error=${error ?? problem} />
    ${data?.items.length === 0 && html`<p class="none">The agent has taken nothing down yet. What its tools keep (a message, an appointment) stands here.</p>`}
    ${kinds.map(
      (kind) => html`
        <section key=${kind} class="card">
          <h2>${plural(kind)}</h2>
          <ul class="items">
            ${data?.items
              .filter((item) => item.kind === kind)
              .map(
                (item) =>
                  html`<${ItemRow} key=${item.key} item=${item} onMark=${(/** @type {boolean} */ done) => mark(item, done)} onRemove=${() => remove(item)} />`
              )}
          </ul>
        </section>`
    )}
    ${data?.next && html`<p class="pages"><a href=${`/console/messages${query({ cursor: data.next })}`}>Older</a></p>`}
  `
}

/** @param {string} kind */
const plural = (kind) => `${words(kind).replace(/^./, (letter) => letter.toUpperCase())}s`

/** @param {{ item: Item, onMark: (done: boolean) => void, onRemove: () => void }} props */
function ItemRow({ item, onMark, onRemove }) {
  const [isAsked, setAsked] = useState(false)
  const { text, ...fields } = /** @type {Record<string, unknown>} */ (
    typeof item.data === 'object' && item.data !== null ? item.data : { text: item.data }
  )
  const isDone = item.doneAt !== null
  return html`
    <li class=${isDone ? 'done' : ''}>
      <label>
        <input type="checkbox" checked=${isDone} onChange=${() => onMark(!isDone)} />
        <span class="sr">done</span>
      </label>
      <div class="body">
        ${text !== undefined && html`<p dir="auto">${String(text)}</p>`}
        <p class="muted">
          ${Object.entries(fields).map(([name, value]) => html`<span>${words(name)} <b dir="auto">${shown(value)}</b></span> `)}
          <span>${item.callId ? html`<a href=${`/console/calls/${item.callId}`}>${when(item.at)}</a>` : when(item.at)}</span>
          <span><bdi>${who(item.caller)}</bdi></span>
        </p>
      </div>
      <button class="quiet" aria-label=${`Delete: ${String(text ?? item.key).slice(0, 60)}`} onClick=${() => setAsked(true)}>Delete</button>
      ${
        isAsked &&
        html`
        <${Dialog} title="Delete this?" onClose=${() => setAsked(false)}>
          <p dir="auto">${String(text ?? Object.values(fields).map(shown).join(', ')).slice(0, 300)}</p>
          <form method="dialog" class="tools">
            <button type="button" class="danger" onClick=${onRemove}>Delete</button>
            <button autofocus>Keep</button>
          </form>
        <//>`
      }
    </li>`
}

/** @param {unknown} value */
const shown = (value) => (typeof value === 'string' ? value : JSON.stringify(value))
