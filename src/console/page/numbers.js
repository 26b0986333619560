import { useMemo } from 'preact/hooks'
import { query } from './api.js'
import { Chart } from './chart.js'
import { Problem } from './dialog.js'
import { clock, count, delay, money, when } from './format.js'
import { html } from './html.js'
import { FirstSteps } from './live.js'
import { useAnswer } from './load.js'
import { address, go } from './route.js'

/** @import { Stats } from './types.d.ts' */

/** Whose fault an end may be that nobody wanted. */
const TROUBLES = /** @type {const} */ (['us', 'twilio', 'openai', 'operator'])

export function NumbersView() {
  const search = address.value.searchParams
  const days = search.get('days') ?? '30'
  const agent = search.get('agent') ?? ''
  const { data, error } = /** @type {ReturnType<typeof useAnswer<Stats>>} */ (useAnswer(`/api/stats${query({ days })}`))
  const agents = [...new Set(data?.days.flatMap((row) => row.agent ?? []))].sort()
  const rows = useMemo(() => byDay(data, agent), [data, agent])
  return html`
    <h1>Numbers</h1>
    <${Choices} days=${days} agent=${agent} agents=${agents} />
    <${Problem} error=${error} />
    ${data && data.days.length === 0 && html`<${FirstSteps} />`}
    ${data && data.days.length > 0 && html`<${Sums} rows=${rows} /><${Charts} rows=${rows} /><${Slowest} turns=${data.slowest} /><${Table} rows=${rows} />`}
  `
}

/** @param {{ days: string, agent: string, agents: readonly string[] }} props */
function Choices({ days, agent, agents }) {
  /** @param {{ currentTarget: HTMLFormElement }} event */
  function choose({ currentTarget }) {
    const given = new FormData(currentTarget)
    go(`/console/numbers${query({ days: String(given.get('days')), agent: String(given.get('agent') ?? '') })}`)
  }
  return html`
    <form class="filters" onChange=${choose} onSubmit=${(/** @type {Event} */ event) => event.preventDefault()}>
      <label>
        Time
        <select name="days">
          ${['7', '30', '90', '365'].map((value) => html`<option value=${value} selected=${days === value}>last ${value} days</option>`)}
        </select>
      </label>
      <label>
        Agent
        <select name="agent">
          <option value="">all</option>
          ${agents.map((name) => html`<option value=${name} selected=${agent === name}>${name}</option>`)}
        </select>
      </label>
    </form>`
}

/**
 * One row a day, days without a call too. The delays of several agents are those of the slowest.
 * @typedef {{ day: string, calls: number, durationMs: number, costUsd: number, troubles: number, p50: number | null, p90: number | null }} Day
 * @param {Stats | undefined} stats @param {string} agent @returns {Day[]}
 */
function byDay(stats, agent) {
  if (!stats) return []
  /** @type {Map<string, Day>} */
  const days = new Map()
  for (let at = Date.parse(stats.from.slice(0, 10)); at < Date.parse(stats.to); at += 86_400_000) {
    const day = new Date(at).toISOString().slice(0, 10)
    days.set(day, { day, calls: 0, durationMs: 0, costUsd: 0, troubles: 0, p50: null, p90: null })
  }
  for (const row of stats.days) {
    const day = days.get(row.day)
    if (!day || (agent !== '' && row.agent !== agent)) continue
    day.calls += row.calls
    day.durationMs += row.durationMs
    day.costUsd += row.costUsd
    day.troubles += TROUBLES.reduce((sum, name) => sum + (row.faults[name] ?? 0), 0)
    day.p50 = greater(day.p50, row.responseMs.p50)
    day.p90 = greater(day.p90, row.responseMs.p90)
  }
  return [...days.values()]
}

/** @param {number | null} one @param {number | null} other */
const greater = (one, other) => (one === null ? other : other === null ? one : Math.max(one, other))

/** @param {{ rows: readonly Day[] }} props */
function Sums({ rows }) {
  const sum = (/** @type {(row: Day) => number} */ value) => rows.reduce((total, row) => total + value(row), 0)
  const calls = sum((row) => row.calls)
  const troubles = sum((row) => row.troubles)
  const costUsd = sum((row) => row.costUsd)
  const durationMs = sum((row) => row.durationMs)
  const mean = (/** @type {number} */ total) => (calls === 0 ? 0 : total / calls)
  return html`
    <dl class="figures">
      <div><dt>Calls</dt><dd>${count(calls)}</dd></div>
      <div><dt>Time</dt><dd>${clock(durationMs)}</dd></div>
      <div><dt>A call, on average</dt><dd>${clock(mean(durationMs))}</dd></div>
      <div><dt>Ended by a fault</dt><dd>${(mean(troubles) * 100).toFixed(1)} %</dd></div>
      <div><dt>Cost</dt><dd>${money(costUsd)}</dd></div>
      <div><dt>Cost of a call</dt><dd>${money(mean(costUsd))}</dd></div>
    </dl>`
}

/** @param {{ rows: readonly Day[] }} props */
function Charts({ rows }) {
  const times = rows.map(({ day }) => Date.parse(day) / 1000)
  const series = (/** @type {(row: Day) => number | null} */ value) => rows.map(value)
  return html`
    <div class="charts">
      <${Chart} title="Calls a day" times=${times} lines=${[{ name: 'calls', values: series(({ calls }) => calls), kind: 'bars' }]} shown=${count} />
      <${Chart}
        title="Response"
        times=${times}
        lines=${[
          { name: 'p50', values: series(({ p50 }) => p50), kind: 'line' },
          { name: 'p90', values: series(({ p90 }) => p90), kind: 'faint' }
        ]}
        shown=${delay}
      />
      <${Chart} title="Ended by a fault" times=${times} lines=${[{ name: 'calls', values: series(({ troubles }) => troubles), kind: 'bad' }]} shown=${count} />
      <${Chart} title="Cost a day" times=${times} lines=${[{ name: 'OpenAI', values: series(({ costUsd }) => costUsd), kind: 'bars' }]} shown=${money} />
    </div>`
}

/** @param {{ turns: Stats['slowest'] }} props */
function Slowest({ turns }) {
  if (turns.length === 0) return null
  return html`
    <section class="card">
      <h2>The slowest answers</h2>
      <div class="scroll" tabindex="0" role="region" aria-label="The slowest answers">
        <table>
          <thead>
            <tr><th scope="col" class="n">Response</th><th scope="col">Call</th><th scope="col" class="n">At</th><th scope="col">Agent</th><th scope="col" class="fill">Answer</th></tr>
          </thead>
          <tbody>
            ${turns.map(
              ({ callId, startedAt, atMs, responseMs, agent, text }) => html`
                <tr>
                  <td class="n"><b>${delay(responseMs)}</b></td>
                  <th scope="row" class="nowrap"><a href=${`/console/calls/${callId}${query({ at: String(Math.round(atMs)) })}`}>${when(startedAt)}</a></th>
                  <td class="n">${clock(atMs, true)}</td>
                  <td>${agent ?? '–'}</td>
                  <td class="fill" dir="auto">${text}</td>
                </tr>`
            )}
          </tbody>
        </table>
      </div>
    </section>`
}

/** The figures of the charts. @param {{ rows: readonly Day[] }} props */
function Table({ rows }) {
  return html`
    <details>
      <summary><h2>The same as a table</h2></summary>
      <div class="scroll" tabindex="0" role="region" aria-label="Figures by day">
        <table>
          <thead>
            <tr><th scope="col">Day (UTC)</th><th scope="col" class="n">Calls</th><th scope="col" class="n">Time</th><th scope="col" class="n">p50</th><th scope="col" class="n">p90</th><th scope="col" class="n">Faults</th><th scope="col" class="n">Cost</th></tr>
          </thead>
          <tbody>
            ${rows.toReversed().map(
              ({ day, calls, durationMs, p50, p90, troubles, costUsd }) => html`
                <tr>
                  <th scope="row">${day}</th>
                  <td class="n">${count(calls)}</td>
                  <td class="n">${clock(durationMs)}</td>
                  <td class="n">${delay(p50)}</td>
                  <td class="n">${delay(p90)}</td>
                  <td class="n">${count(troubles)}</td>
                  <td class="n">${money(costUsd)}</td>
                </tr>`
            )}
          </tbody>
        </table>
      </div>
    </details>`
}
