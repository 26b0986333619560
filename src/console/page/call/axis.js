import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { clock } from '../format.js'
import { html } from '../html.js'
import { useAfterPaint } from '../load.js'
import { Lanes } from './lanes.js'
import { Waveform } from './waveform.js'

/**
 * @import { WholeCall } from '../types.d.ts'
 * @import { Player } from './player.js'
 */

/** The names of the lanes stand here, in px. */
const GUTTER = 76
const MOST_PX_A_SECOND = 240
/** Distances of the axis' marks in s; the first one that leaves room for its label is taken. */
const STEPS = [0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300]
const LEAST_PX_A_STEP = 64

/**
 * One time axis in seconds for the sound and for everything that happened. `--px` is the width of a second, so that a
 * zoom moves everything without a new render.
 * @param {{ whole: WholeCall, totalMs: number, player: Player }} props
 */
export function Axis({ whole, totalMs, player }) {
  const scroller = useRef(/** @type {HTMLDivElement | null} */ (null))
  const [fit, setFit] = useState(0)
  const [zoom, setZoom] = useState(1)
  const isPainted = useAfterPaint()
  const seconds = totalMs / 1000
  useEffect(() => {
    const element = scroller.current
    if (!element) return
    const watch = new ResizeObserver(() => setFit((element.clientWidth - GUTTER - 8) / seconds))
    watch.observe(element)
    return () => watch.disconnect()
  }, [seconds])
  const px = Math.min(Math.max(fit, MOST_PX_A_SECOND), fit * zoom)

  /** @param {number} factor */
  function zoomBy(factor) {
    setZoom((before) => Math.min(Math.max(1, before * factor), Math.max(1, MOST_PX_A_SECOND / fit)))
  }
  useFollow(scroller, px, player)

  /** A click anywhere on the axis is a place in the call. @param {MouseEvent & { currentTarget: HTMLElement }} event */
  function seekTo({ clientX, currentTarget }) {
    const ms = ((clientX - currentTarget.getBoundingClientRect().left - GUTTER) / px) * 1000
    if (ms >= 0) player.seek(ms)
  }

  return html`
    <section class="card sound" aria-label="The call in time">
      <${Transport} player=${player} totalMs=${totalMs} onZoom=${zoomBy} isFit=${px <= fit} />
      <div class="axis" ref=${scroller} style=${{ '--px': String(px), '--gutter': `${GUTTER}px` }}>
        <div class="inner" style=${{ '--total': String(seconds) }} onClick=${seekTo}>
          <${Ruler} seconds=${seconds} px=${px} />
          <${Waveform} call=${whole.call} turns=${whole.turns} scroller=${scroller} px=${px} gutter=${GUTTER} player=${player} />
          ${isPainted && html`<${Lanes} events=${whole.events} totalMs=${totalMs} px=${px} player=${player} />`}
          <${Playhead} player=${player} />
        </div>
      </div>
      <${Legend} whole=${whole} />
    </section>`
}

/** Keeps the place in view while it moves. */
function useFollow(
  /** @type {{ current: HTMLDivElement | null }} */ scroller,
  /** @type {number} */ px,
  /** @type {Player} */ player
) {
  useEffect(
    () =>
      player.atMs.subscribe((atMs) => {
        const element = scroller.current
        if (!element || element.scrollWidth <= element.clientWidth) return
        const x = GUTTER + (atMs / 1000) * px
        const [from, to] = [element.scrollLeft + GUTTER, element.scrollLeft + element.clientWidth - 24]
        if (x < from || x > to) element.scrollLeft = x - GUTTER - 40
      }),
    [player, px]
  )
}

/** @param {{ player: Player, totalMs: number, onZoom: (factor: number) => void, isFit: boolean }} props */
function Transport({ player, totalMs, onZoom, isFit }) {
  const { src, problem } = player
  return html`
    <div class="transport">
      ${src && html`<audio ref=${player.attach} src=${src} preload="metadata"></audio>`}
      ${src && html`<${PlayButton} player=${player} />`}
      <${Place} player=${player} totalMs=${totalMs} />
      ${
        src
          ? html`
            <select aria-label="Speed" onChange=${(/** @type {any} */ event) => player.speed(Number(event.currentTarget.value))}>
              <option value="1">1×</option>
              <option value="1.5">1.5×</option>
              <option value="2">2×</option>
            </select>`
          : html`<span class="muted">no recording</span>`
      }
      <button class="square" aria-label="Show less time" onClick=${() => onZoom(2)}>+</button>
      <button class="square" aria-label="Show more time" disabled=${isFit} onClick=${() => onZoom(0.5)}>−</button>
      ${problem.value && html`<p class="problem" role="alert">${problem.value}</p>`}
    </div>`
}

/** @param {{ player: Player }} props */
function PlayButton({ player }) {
  const isPlaying = player.isPlaying.value
  return html`
    <button class="play" aria-label=${isPlaying ? 'Pause' : 'Play'} onClick=${player.toggle}>
      <i class=${isPlaying ? 'pause' : 'go'}></i>
    </button>`
}

/** @param {{ player: Player, totalMs: number }} props */
function Place({ player, totalMs }) {
  const atMs = player.atMs.value
  const says = `${clock(atMs, true)} of ${clock(totalMs)}`
  return html`
    <input
      type="range"
      min="0"
      max=${Math.round(totalMs)}
      step="100"
      value=${Math.round(atMs)}
      aria-label="Place in the call"
      aria-valuetext=${says}
      onInput=${(/** @type {any} */ event) => player.seek(Number(event.currentTarget.value), { play: false })}
    />
    <output>${clock(atMs, true)}<span class="muted"> / ${clock(totalMs)}</span></output>`
}

/** @param {{ seconds: number, px: number }} props */
function Ruler({ seconds, px }) {
  const step = STEPS.find((value) => value * px >= LEAST_PX_A_STEP) ?? 600
  const marks = useMemo(
    () => Array.from({ length: Math.floor(seconds / step) + 1 }, (_, index) => index * step),
    [seconds, step]
  )
  return html`
    <div class="ruler" aria-hidden="true">
      ${px > 0 && marks.map((at) => html`<span key=${at} style=${{ '--at': String(at) }}>${clock(at * 1000, step < 1)}</span>`)}
    </div>`
}

/** @param {{ player: Player }} props */
function Playhead({ player }) {
  return html`<div class="playhead" aria-hidden="true" style=${{ '--at': String(player.atMs.value / 1000) }}></div>`
}

/** @param {{ whole: WholeCall }} props */
function Legend({ whole: { turns } }) {
  const cut = turns.some((turn) => turn.cut)
  return html`
    <p class="legend" aria-hidden="true">
      <span><i class="caller"></i>caller</span>
      <span><i class="agent"></i>agent, heard</span>
      ${cut && html`<span><i class="unheard"></i>agent, generated and cut off</span>`}
    </p>`
}
