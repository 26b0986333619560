import { signal } from '@preact/signals'
import { useMemo } from 'preact/hooks'

/**
 * The recording of a call and the place in it. Its time is the call's: both begin with the first `start`.
 * @typedef {ReturnType<typeof createPlayer>} Player
 */

/** One player for a recording; without one there is a place, and nothing to hear. @param {string | undefined} src */
export function usePlayer(src) {
  return useMemo(() => createPlayer(src), [src])
}

/** @param {string | undefined} src */
function createPlayer(src) {
  /** The place in ms. */
  const atMs = signal(0)
  const isPlaying = signal(false)
  const problem = signal(/** @type {string | undefined} */ (undefined))
  /** @type {HTMLAudioElement | null} */
  let audio = null
  let frame = 0

  function tick() {
    if (!audio) return
    atMs.value = audio.currentTime * 1000
    if (!audio.paused) frame = requestAnimationFrame(tick)
  }

  return {
    ...{ src, atMs, isPlaying, problem },
    /** @param {HTMLAudioElement | null} element the page's, or null when it is gone */
    attach(element) {
      cancelAnimationFrame(frame)
      audio = element
      if (!element) return
      element.currentTime = atMs.value / 1000
      element.onplay = () => {
        isPlaying.value = true
        tick()
      }
      element.onpause = () => {
        isPlaying.value = false
      }
      element.onseeked = tick
      element.onerror = () => {
        problem.value = 'The recording cannot be played.'
      }
    },
    /** @param {number} ms @param {{ play?: boolean }} [options] */
    seek(ms, { play = true } = {}) {
      atMs.value = Math.max(0, ms)
      if (!audio) return
      audio.currentTime = Math.max(0, ms) / 1000
      // Rejected when the next seek comes before it plays.
      if (play && audio.paused) audio.play().catch(() => {})
    },
    toggle() {
      if (audio?.paused) audio.play().catch(() => {})
      else audio?.pause()
    },
    /** @param {number} rate */
    speed(rate) {
      if (audio) audio.playbackRate = rate
    }
  }
}
