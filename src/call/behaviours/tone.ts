import alawmulaw from 'alawmulaw'
import type { Behaviour } from './behaviour.ts'

/** A wait of this length is an ordinary pause and stays without a tone. */
const PATIENCE_MS = 2_000
const PERIOD_MS = 3_000
const TONE_MS = 240
const TONE_HZ = 425
/** A twentieth of full scale: audible, but soft. */
const VOLUME = 1_600

/** Plays a soft tone while the caller waits for a model or its answer and hears nothing. */
export const tone: Behaviour = (call) => {
  let stop = () => {}

  const beep = () => {
    if (!call.caller.playback.isPlaying) call.caller.play(TONE, 'house')
    stop = call.after(PERIOD_MS, beep)
  }
  call.journal.on('waiting', () => {
    stop()
    stop = call.after(PATIENCE_MS, beep)
  })
  call.journal.on('served', () => stop())
}

/** The tone as base64 mu-law. It fades in and out, so that it does not click. */
const TONE = (() => {
  const samples = Int16Array.from({ length: TONE_MS * 8 }, (_, index) => {
    const edge = Math.sin((Math.PI * index) / (TONE_MS * 8))
    return VOLUME * edge * Math.sin((2 * Math.PI * TONE_HZ * index) / 8_000)
  })
  return Buffer.from(alawmulaw.mulaw.encode(samples)).toString('base64')
})()
