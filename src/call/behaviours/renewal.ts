import { ModelError } from '../../model/errors.ts'
import type { Behaviour } from './behaviour.ts'

/** From this long before the end of a session on, the next silence is used. */
const EARLY_MS = 5 * 60_000
/** At this point it is renewed in the middle of whatever is said. */
const LATE_MS = 20_000

/** An hour is not a wall: the session is changed for a new one before the model ends it, in a silence if there is one. */
export const renewal: Behaviour = (call) => {
  let stops: (() => void)[] = []
  const cancel = () => {
    for (const stop of stops) stop()
    stops = []
    call.facts.off('quiet', renew)
  }
  function renew() {
    cancel()
    call.log.info('renewing the session before its time is up')
    // Opened first, so that the caller's audio is held for as short as can be.
    const next = call.openModel()
    next.opened.then(
      () => call.dropModel(new ModelError('closed', 'renewal'), next),
      () => call.dropModel(new ModelError('closed', 'renewal'))
    )
  }
  call.transport.onModel('session.created', ({ session }) => {
    cancel()
    if (session.expires_at === undefined) return
    const leftMs = session.expires_at * 1_000 - Date.now()
    stops.push(
      call.after(Math.max(0, leftMs - EARLY_MS), () => {
        if (call.activity.isQuiet) renew()
        else call.facts.once('quiet', renew)
      })
    )
    stops.push(call.after(Math.max(0, leftMs - LATE_MS), renew))
  })
}
