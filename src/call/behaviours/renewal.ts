import { ModelError, RENEWAL } from '../../model/errors.ts'
import type { Behaviour } from './behaviour.ts'

/** From this long before the end of a session on, the next silence is used; a quarter of a short session's time. */
const EARLY_MS = 5 * 60_000
/** At this point it is renewed in the middle of whatever is said; a tenth of a short session's time. */
const LATE_MS = 20_000

/** An hour is not a wall: the session is changed for a new one before the model ends it, in a silence if there is one. */
export const renewal: Behaviour = (call) => {
  let stops: (() => void)[] = []
  const cancel = () => {
    for (const stop of stops) stop()
    stops = []
    call.facts.off('quiet', renewInSilence)
  }

  function renewInSilence() {
    if (call.activity.isQuiet) renew(() => call.activity.isQuiet)
    else call.facts.once('quiet', renewInSilence)
  }

  /** @param isTheTime asked when the next session is open, which takes its time: somebody may have begun to speak */
  function renew(isTheTime: () => boolean) {
    // Opened first, so that the caller's audio is held for as short as can be.
    const next = call.openModel()
    const { modelGeneration } = call
    const finish = (isOpen: boolean) => {
      const isStale = !call.isModelUp || call.modelGeneration !== modelGeneration
      if (isOpen && !isStale && isTheTime()) return call.dropModel(new ModelError('closed', RENEWAL), next)
      next.close()
      if (!isStale) call.facts.once('quiet', renewInSilence)
    }
    call.log.info('renewing the session before its time is up')
    next.opened.then(
      () => finish(true),
      () => finish(false)
    )
  }

  call.facts.on('modelLost', cancel)
  call.transport.onModel('session.created', ({ session }) => {
    cancel()
    if (session.expires_at === undefined) return
    const leftMs = session.expires_at * 1_000 - Date.now()
    // Our clock is wrong, or theirs. A session that does end without notice is a model that is lost.
    if (leftMs <= 0) return
    stops.push(call.after(leftMs - Math.min(EARLY_MS, leftMs / 4), renewInSilence))
    stops.push(call.after(leftMs - Math.min(LATE_MS, leftMs / 10), () => renew(() => true)))
  })
}
