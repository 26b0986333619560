import { useEffect, useRef } from 'preact/hooks'
import { html } from './html.js'

/**
 * @import uPlot from 'uplot'
 * @typedef {{ name: string, values: readonly (number | null)[], kind: 'bars' | 'line' | 'faint' | 'bad' }} Line
 * @typedef {{ title: string, times: readonly number[], lines: readonly Line[], shown: (value: number) => string }} ChartProps
 */

const HEIGHT = 170
const DAY_S = 86_400
/** The names of the style sheet's colours. */
const COLORS = { bars: '--accent', line: '--accent', faint: '--faint-accent', bad: '--bad' }

/** A chart of days. What it shows has to stand in a table too. @param {ChartProps} props */
export function Chart({ title, times, lines, shown }) {
  const ref = useRef(/** @type {HTMLDivElement | null} */ (null))
  useEffect(() => {
    const box = ref.current
    if (!box) return
    const stop = new AbortController()
    // Loaded here, so that the other pages need not wait for it.
    void import('uplot').then(({ default: UPlot }) => {
      if (!stop.signal.aborted) keepPainted(box, () => paint(UPlot, box, { title, times, lines, shown }), stop.signal)
    })
    return () => stop.abort()
  }, [times.join(), JSON.stringify(lines)])
  return html`
    <figure class="card chart">
      <figcaption>${title}</figcaption>
      <div ref=${ref} aria-hidden="true"></div>
    </figure>`
}

/** @param {HTMLElement} box @param {() => uPlot} paintAnew @param {AbortSignal} signal ends it */
function keepPainted(box, paintAnew, signal) {
  let plot = paintAnew()
  const watch = new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height: HEIGHT }))
  watch.observe(box)
  const repaint = () => {
    plot.destroy()
    plot = paintAnew()
  }
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', repaint, { signal })
  signal.addEventListener('abort', () => {
    watch.disconnect()
    plot.destroy()
  })
}

/** @param {typeof uPlot} UPlot @param {HTMLElement} box @param {ChartProps} props */
function paint(UPlot, box, { times, lines, shown }) {
  const style = getComputedStyle(box)
  const muted = colorOf(style, '--muted')
  const grid = { stroke: colorOf(style, '--line'), width: 1 }
  const axis = { stroke: muted, grid, ticks: { show: false }, font: '11px system-ui' }
  return new UPlot(
    {
      ...{ width: box.clientWidth, height: HEIGHT, padding: [8, 8, 0, 0] },
      cursor: { y: false, sync: { key: 'days' }, points: { size: 6 } },
      tzDate: (seconds) => UPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
      scales: {
        x: { time: true, range: (_plot, min, max) => [min - DAY_S * 0.6, max + DAY_S * 0.6] },
        y: { range: (_plot, _min, max) => [0, Math.max(max, 1e-6) * 1.15] }
      },
      axes: [
        { ...axis, size: 28, grid: { show: false }, values: '{D} {MMM}', space: 60 },
        { ...axis, size: 56, space: 34, values: (_plot, values) => values.map((value) => shown(value)) }
      ],
      series: [
        { label: 'day', value: '{YYYY}-{MM}-{DD}' },
        ...lines.map((line) => seriesOf(UPlot, line, colorOf(style, COLORS[line.kind]), shown))
      ]
    },
    [[...times], ...lines.map(({ values }) => [...values])],
    box
  )
}

/** @param {typeof uPlot} UPlot @param {Line} line @param {string} color @param {(value: number) => string} shown */
function seriesOf(UPlot, { name, kind }, color, shown) {
  const paths = UPlot.paths.bars?.({ size: [0.62, 28], align: 0, radius: 0.12 })
  const isLine = kind === 'line' || kind === 'faint'
  return {
    label: name,
    value: (/** @type {uPlot} */ _plot, /** @type {number | null} */ value) => (value === null ? '–' : shown(value)),
    ...(isLine
      ? { stroke: color, width: 2, spanGaps: true, points: { show: true, size: 4, fill: color } }
      : { fill: color, stroke: color, width: 0, points: { show: false }, ...(paths && { paths }) })
  }
}

/** A canvas does not know `light-dark()`. @param {CSSStyleDeclaration} style @param {string} name */
function colorOf(style, name) {
  const [, light = '', dark = ''] = /^light-dark\(([^,]+),([^)]+)\)$/.exec(style.getPropertyValue(name).trim()) ?? []
  return (matchMedia('(prefers-color-scheme: dark)').matches ? dark : light).trim()
}
