import { Problem } from './dialog.js'
import { Doctor } from './doctor.js'
import { clock, count } from './format.js'
import { html } from './html.js'
import { useAnswer } from './load.js'

/** @import { Health } from './types.d.ts' */

export function HealthView() {
  const { data, error, again } = /** @type {ReturnType<typeof useAnswer<Health>>} */ (useAnswer('/api/health'))
  return html`
    <h1>Health</h1>
    <${Problem} error=${error} />
    ${
      data &&
      html`
      <dl class="figures">
        <div><dt>Takes calls</dt><dd>${data.isReady ? 'yes' : 'no'}</dd></div>
        <div><dt>Version</dt><dd>${data.version}</dd></div>
        <div><dt>Node.js</dt><dd>${data.node}</dd></div>
        <div><dt>Up for</dt><dd>${clock(Date.now() - Date.parse(data.startedAt))}</dd></div>
        <div><dt>Memory</dt><dd>${megabytes(data.memoryBytes)}</dd></div>
        <div><dt>Event loop late</dt><dd>${data.eventLoopDelayMs.toFixed(1)} ms</dd></div>
      </dl>
        <section class="card">
          <h2>Limits</h2>
          <table>
            <tbody>
              <${Meter} name="Lines in use" share=${data.lines} />
              <${Meter} name="Connections" share=${data.connections} />
              <${Meter} name=${`Rows waiting for ${data.store.engine}`} share=${data.store.waitingRows} />
              ${
                data.store.disk &&
                html`<${Meter}
                name="Disk"
                share=${{ used: data.store.disk.totalBytes - data.store.disk.freeBytes, limit: data.store.disk.totalBytes }}
                shown=${megabytes}
              />`
              }
            </tbody>
          </table>
          <p><button onClick=${again}>Look again</button></p>
        </section>
        <${Doctor} />
        <${Settings} settings=${data.settings} />`
    }
  `
}

/** @param {number} bytes */
function megabytes(bytes) {
  return bytes < 1e10 ? `${count(Math.round(bytes / 1e6))} MB` : `${count(Math.round(bytes / 1e9))} GB`
}

/** @param {{ name: string, share: Health['lines'], shown?: (value: number) => string }} props */
function Meter({ name, share: { used, limit }, shown = count }) {
  return html`
    <tr>
      <th scope="row">${name}</th>
      <td class="fill">${limit !== null && html`<meter aria-label=${name} min="0" max=${limit} value=${used} high=${limit * 0.8} optimum="0"></meter>`}</td>
      <td class="n">${shown(used)}${limit !== null && html`<span class="muted"> / ${shown(limit)}</span>`}</td>
    </tr>`
}

/** @param {{ settings: Health['settings'] }} props */
function Settings({ settings }) {
  return html`
    <section class="card">
      <h2>Settings in force</h2>
      <dl class="settings">
        ${Object.entries(settings).map(([name, value]) => html`<div><dt><code>${name}</code></dt><dd>${shownSetting(value)}</dd></div>`)}
      </dl>
    </section>`
}

/** @param {unknown} value */
function shownSetting(value) {
  if (value === null || value === '' || (Array.isArray(value) && value.length === 0))
    return html`<span class="muted">none</span>`
  return Array.isArray(value) ? value.join(', ') : String(value)
}
