import alawmulaw from 'alawmulaw'
import type { Behaviour } from './behaviour.ts'

/** A pause of this length is a breath; a longer one needs a sign of life. */
const PATIENCE_MS = 2_000
const PERIOD_MS = 3_000
const TONE_MS = 240
const TONE_HZ = 425
/** A twentieth of full scale: heard, and no alarm. */
const VOLUME = 1_600

/** The line is alive: a soft tone while the caller waits, for a model or for its answer, and hears nothing. */
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

/** Base64 mu-law with soft edges, so that it does not click. */
const TONE = (() => {
  const samples = Int16Array.from({ length: TONE_MS * 8 }, (_, index) => {
    const edge = Math.sin((Math.PI * index) / (TONE_MS * 8))
    return VOLUME * edge * Math.sin((2 * Math.PI * TONE_HZ * index) / 8_000)
  })
  return Buffer.from(alawmulaw.mulaw.encode(samples)).toString('base64')
})()
