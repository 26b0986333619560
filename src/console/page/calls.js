import { query } from './api.js'
import { CallTable } from './call-table.js'
import { Problem } from './dialog.js'
import { endedCalls } from './feed.js'
import { words } from './format.js'
import { html } from './html.js'
import { FirstSteps } from './live.js'
import { useAnswer } from './load.js'
import { address, go } from './route.js'

/**
 * @import { Call, Calls } from './types.d.ts'
 */

/** The names of the API's filters, which are those of this page's address too. */
const FILTERS = /** @type {const} */ (['q', 'number', 'agent', 'reason', 'fault', 'minResponseMs'])
/** @type {readonly NonNullable<Call['fault']>[]} */
const FAULTS = ['caller', 'agent', 'us', 'twilio', 'openai', 'operator']
/** @type {readonly NonNullable<Call['endReason']>[]} */
const REASONS = [
  'caller_hung_up',
  'agent_hung_up',
  'operator_hung_up',
  'transferred',
  'caller_silent',
  'caller_left_early',
  'too_long',
  'too_costly',
  'drained',
  'stream_lost',
  'no_start',
  'stream_refused',
  'stream_abused',
  'superseded',
  'model_rejected',
  'model_refused',
  'model_unreachable',
  'model_closed',
  'model_mute',
  'model_wrong_format',
  'internal_error',
  'lost'
]

/** The filters in the address. */
function filtersOf(/** @type {URLSearchParams} */ search) {
  return Object.fromEntries(FILTERS.map((name) => [name, search.get(name) ?? '']))
}

export function CallsView() {
  const search = address.value.searchParams
  const filters = filtersOf(search)
  const cursor = search.get('cursor') ?? ''
  const { data, error } = /** @type {ReturnType<typeof useAnswer<Calls>>} */ (
    useAnswer(`/api/calls${query({ ...filters, cursor })}`, endedCalls.value)
  )
  const isFiltered = Object.values(filters).some((value) => value !== '')
  return html`
    <h1>Calls</h1>
    <${Filters} key=${query(filters)} filters=${filters} />
    <${Problem} error=${error} />
    ${data && data.calls.length === 0 && !cursor && (isFiltered ? html`<p class="none">No call is like that.</p>` : html`<${FirstSteps} />`)}
    ${data && data.calls.length > 0 && html`<${CallTable} calls=${data.calls} />`}
    <p class="pages">
      ${cursor && html`<a href=${`/console/calls${query(filters)}`}>Newest</a>`}
      ${data?.next && html`<a href=${`/console/calls${query({ ...filters, cursor: data.next })}`}>Older</a>`}
      ${data && data.calls.length > 0 && html`<a href=${`/api/calls.csv${query(filters)}`} download>All of these as CSV</a>`}
    </p>
  `
}

/** What is asked for stands in the address, so that it can be sent to somebody. @param {{ filters: Record<string, string> }} props */
function Filters({ filters }) {
  /** @param {SubmitEvent & { currentTarget: HTMLFormElement }} event */
  function submit(event) {
    event.preventDefault()
    const given = new FormData(event.currentTarget)
    go(
      `/console/calls${query(Object.fromEntries(FILTERS.map((name) => [name, String(given.get(name) ?? '').trim()])))}`
    )
  }
  /** @param {{ currentTarget: HTMLElement }} event */
  const submitNow = ({ currentTarget }) => currentTarget.closest('form')?.requestSubmit()
  const choice = (
    /** @type {string} */ name,
    /** @type {string} */ label,
    /** @type {readonly string[]} */ values
  ) => html`
    <label>
      ${label}
      <select name=${name} onChange=${submitNow}>
        <option value="">any</option>
        ${values.map((value) => html`<option value=${value} selected=${filters[name] === value}>${words(value)}</option>`)}
      </select>
    </label>`
  return html`
    <form class="filters" role="search" onSubmit=${submit}>
      <label class="wide">Words <input type="search" name="q" value=${filters['q']} placeholder="said or heard" /></label>
      <label>Number <input type="search" name="number" value=${filters['number']} placeholder="+1555…" inputmode="tel" /></label>
      <label>Agent <input type="search" name="agent" value=${filters['agent']} /></label>
      ${choice('reason', 'Ended by', REASONS)} ${choice('fault', 'Fault', FAULTS)}
      <label>
        Slower than, ms
        <input type="number" name="minResponseMs" value=${filters['minResponseMs']} min="0" step="100" />
      </label>
      <button>Find</button>
      ${Object.values(filters).some(Boolean) && html`<a href="/console/calls">Clear</a>`}
    </form>`
}
