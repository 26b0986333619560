import { useEffect, useRef } from 'preact/hooks'
import { callUrl } from '../api.js'
import { clock } from '../format.js'
import { html } from '../html.js'
import { useAnswer } from '../load.js'
import { heardAndNot, unheardMs } from './facts.js'

/**
 * @import { Call, Peaks, Turn } from '../types.d.ts'
 * @import { Player } from './player.js'
 */

/** A long call has fewer peaks a second: more than this many in all cannot be told apart. */
const MOST_PEAKS = 12_000

/**
 * The lanes of the two sides: what was heard, as it sounded where it was recorded, and what was cut off.
 * @param {{ call: Call, turns: readonly Turn[], scroller: { current: HTMLDivElement | null }, px: number, gutter: number, player: Player }} props
 */
export function Waveform({ call, turns, scroller, px, gutter, player }) {
  const lanes = /** @type {const} */ (['caller', 'agent'])
  const { data: peaks } = usePeaks(call)
  return lanes.map(
    (who) => html`
      <div class=${`lane wave ${who}`} key=${who}>
        <span class="name">${who}</span>
        ${turns.filter((turn) => turn.who === who).map((turn) => html`<${Block} key=${turn.stream + turn.id} turn=${turn} player=${player} isDrawn=${peaks !== undefined} />`)}
        ${peaks && html`<${Sound} peaks=${peaks[who]} perSecond=${peaks.perSecond} scroller=${scroller} px=${px} gutter=${gutter} />`}
      </div>`
  )
}

/** @param {Call} call */
function usePeaks({ id, durationMs, recording }) {
  const perSecond = Math.max(2, Math.min(50, Math.round(MOST_PEAKS / Math.max(1, (durationMs ?? 0) / 1000))))
  const path = recording === 'kept' ? `${callUrl(id)}/peaks?perSecond=${perSecond}` : undefined
  return /** @type {ReturnType<typeof useAnswer<Peaks>>} */ (useAnswer(path))
}

/** What one side said, and behind it what was generated and never heard. @param {{ turn: Turn, player: Player, isDrawn: boolean }} props */
function Block({ turn, player, isDrawn }) {
  const { who, startMs, endMs } = turn
  const cutMs = unheardMs(turn)
  const from = startMs ?? (cutMs > 0 ? turn.stations.sent : null)
  if (from === null || (endMs === null && cutMs === 0)) return null
  const { heard } = heardAndNot(turn)
  const to = endMs ?? from
  return html`
    <button
      class=${`block ${isDrawn ? 'drawn' : ''}`}
      tabindex="-1"
      style=${{ '--at': String(from / 1000), '--length': String((to - from) / 1000) }}
      aria-label=${`${who} at ${clock(from, true)}: ${heard.slice(0, 80)}`}
      title=${heard.slice(0, 200)}
      onClick=${(/** @type {Event} */ event) => {
        event.stopPropagation()
        player.seek(from)
      }}
    ></button>
    ${cutMs > 0 && html`<i class="block unheard" title=${`${(cutMs / 1000).toFixed(1)} s were generated and not heard`} style=${{ '--at': String(to / 1000), '--length': String(cutMs / 1000) }}></i>`}`
}

/** The part of a lane that is in view, on a canvas as wide as the view. @param {{ peaks: readonly number[], perSecond: number, scroller: { current: HTMLDivElement | null }, px: number, gutter: number }} props */
function Sound({ peaks, perSecond, scroller, px, gutter }) {
  const ref = useRef(/** @type {HTMLCanvasElement | null} */ (null))
  useEffect(() => {
    const [canvas, element] = [ref.current, scroller.current]
    if (!canvas || !element) return
    const paint = () =>
      draw(canvas, { peaks, perSecond, px, fromS: element.scrollLeft / px, width: element.clientWidth - gutter })
    paint()
    const scheme = matchMedia('(prefers-color-scheme: dark)')
    element.addEventListener('scroll', paint, { passive: true })
    scheme.addEventListener('change', paint)
    return () => {
      element.removeEventListener('scroll', paint)
      scheme.removeEventListener('change', paint)
    }
  }, [peaks, perSecond, px, gutter])
  return html`<canvas ref=${ref} aria-hidden="true"></canvas>`
}

/**
 * A line for each pixel, as high as the loudest sample that it stands for.
 * @param {HTMLCanvasElement} canvas
 * @param {{ peaks: readonly number[], perSecond: number, px: number, fromS: number, width: number }} view
 */
function draw(canvas, { peaks, perSecond, px, fromS, width }) {
  const ratio = devicePixelRatio
  const height = canvas.clientHeight
  canvas.width = Math.max(1, Math.round(width * ratio))
  canvas.height = Math.round(height * ratio)
  canvas.style.width = `${width}px`
  const context = canvas.getContext('2d')
  if (!context) return
  context.fillStyle = getComputedStyle(canvas).color
  const step = perSecond / (px * ratio)
  for (let x = 0; x < canvas.width; x += 1) {
    const at = fromS * perSecond + x * step
    const loudest = loudestOf(peaks, at, at + step)
    // The ear hears a tenth of the level as half as loud: without the root, quiet speech would be a line.
    const half = Math.max(ratio / 2, Math.sqrt(loudest) * (canvas.height / 2 - ratio))
    if (at < peaks.length) context.fillRect(x, canvas.height / 2 - half, 1, half * 2)
  }
}

/** @param {readonly number[]} peaks @param {number} from @param {number} to */
function loudestOf(peaks, from, to) {
  let loudest = 0
  for (let at = Math.floor(from); at < Math.max(to, Math.floor(from) + 1); at += 1)
    loudest = Math.max(loudest, peaks[at] ?? 0)
  return loudest
}
