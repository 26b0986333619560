import { ModelError } from '../../call/model-leg.ts'
import { RENEWAL } from '../errors.ts'
import type { Keeper } from './keeper.ts'

/**
 * A session is replaced in the first silence within this time of its end; within a quarter of its time for a short
 * session.
 */
const EARLY_MS = 5 * 60_000
/**
 * A session is replaced this long before its end even while someone speaks; a tenth of its time for a short session.
 */
const LATE_MS = 20_000
/** The wait for another look, when LATE_MS is reached while a session for the next silence is being opened. */
const RETRY_MS = 500

/** OpenAI ends a session after 60 minutes. The session is replaced before that, in a silence if there is one. */
export const renewal: Keeper = (leg, call) => {
  const { activity, journal } = call
  /**
   * The state of the current session: it has time, or its replacement waits for a silence, or the replacement is being
   * opened. It is one value, so that a replacement is never started twice.
   */
  let state: 'has time' | 'waits for a silence' | 'opens the next' = 'has time'
  /** Counts the sessions, so that a replacement begun for one is not applied to the next. */
  let session = 0
  let stops: (() => void)[] = []

  const startAnew = () => {
    for (const stop of stops) stop()
    stops = []
    session += 1
    state = 'has time'
  }

  const renewInSilence = () => {
    if (state === 'opens the next') return
    state = 'waits for a silence'
    if (activity.isQuiet) renew(() => activity.isQuiet)
  }

  /** @param isTheTime asked when the new session is open: by then the caller may have begun to speak */
  const renew = (isTheTime: () => boolean) => {
    state = 'opens the next'
    const replaced = session
    // The new socket opens first, so that the caller's audio is held as briefly as possible.
    const next = leg.openSocket()
    const finish = (isOpen: boolean) => {
      // The session to be replaced is gone already, with or without the call.
      const isStale = call.signal.aborted || !leg.isUp || session !== replaced
      if (isOpen && !isStale && isTheTime()) return leg.giveUp(new ModelError('closed', RENEWAL), next)
      next.close()
      // A replacement that was refused or came at the wrong time is tried in the next silence, and never at once.
      if (!isStale) state = 'waits for a silence'
    }
    call.log.info('renewing the session before its time is up')
    next.opened.then(
      () => finish(true),
      () => finish(false)
    )
  }

  const renewNow = () => {
    if (state !== 'opens the next') return renew(() => true)
    // The replacement that is being opened waits for a silence that may not come, so this is tried again later.
    stops.push(call.after(RETRY_MS, renewNow))
  }

  journal.on('quiet', () => {
    if (state === 'waits for a silence') renewInSilence()
  })
  journal.on('model_lost', startAnew)
  leg.transport.onModel('session.created', ({ session: { expires_at: expiresAt } }) => {
    startAnew()
    if (expiresAt === undefined) return
    const leftMs = expiresAt * 1_000 - Date.now()
    // This server's clock or OpenAI's is wrong. A session that ends without notice is handled as a lost model.
    if (leftMs <= 0) return
    stops.push(call.after(leftMs - Math.min(EARLY_MS, leftMs / 4), renewInSilence))
    stops.push(call.after(leftMs - Math.min(LATE_MS, leftMs / 10), renewNow))
  })
}
