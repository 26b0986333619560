import { ModelError } from '../../call/model-leg.ts'
import { RENEWAL } from '../errors.ts'
import type { Keeper } from './keeper.ts'

/** From this long before the end of a session on, the next silence is used; a quarter of a short session's time. */
const EARLY_MS = 5 * 60_000
/** At this point it is renewed in the middle of whatever is said; a tenth of a short session's time. */
const LATE_MS = 20_000
/** When the last moment comes while a next session is being opened for a silence. */
const RETRY_MS = 500

/** An hour is not a wall: the session is changed for a new one before the model ends it, in a silence if there is one. */
export const renewal: Keeper = (leg, call) => {
  const { activity, journal } = call
  /**
   * Where the session that is open now stands: it has time, or its change waits for a silence, or the next one is being
   * opened. One value, because a change that is asked for twice would be made twice.
   */
  let state: 'has time' | 'waits for a silence' | 'opens the next' = 'has time'
  /** Counts the sessions, so that what was begun for one is not done to the next. */
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

  /** @param isTheTime asked when the next session is open, which takes its time: somebody may have begun to speak */
  const renew = (isTheTime: () => boolean) => {
    state = 'opens the next'
    const replaced = session
    // Opened first, so that the caller's audio is held for as short as can be.
    const next = leg.openSocket()
    const finish = (isOpen: boolean) => {
      // The session that was to be replaced is gone already, with or without the call.
      const isStale = call.signal.aborted || !leg.isUp || session !== replaced
      if (isOpen && !isStale && isTheTime()) return leg.giveUp(new ModelError('closed', RENEWAL), next)
      next.close()
      // Whatever was refused or came at the wrong time is tried in the next silence, and never at once.
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
    // The one that opens waits for a silence that may not come: asked again when it is through.
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
    // Our clock is wrong, or theirs. A session that does end without notice is a model that is lost.
    if (leftMs <= 0) return
    stops.push(call.after(leftMs - Math.min(EARLY_MS, leftMs / 4), renewInSilence))
    stops.push(call.after(leftMs - Math.min(LATE_MS, leftMs / 10), renewNow))
  })
}
