import { ModelError } from '../../model/errors.ts'
import type { FinishedResponse } from '../../model/events.ts'
import type { Behaviour } from './behaviour.ts'

const RETRY_MS = [400, 1_500]
const WITHHELD =
  'Your last answer was withheld. Say in one sentence that you cannot help with that, and what you can do instead.'
const CONTINUE = 'Your last answer was cut off because it was too long. Finish it in one or two short sentences.'

/** An answer that the model could not give is asked for again, or explained; after that another model is tried. */
export const failedResponses: Behaviour = (call) => {
  let failures = 0
  call.facts.on('responseFinished', (response) => {
    if (response.status === 'completed') failures = 0
    if (response.status === 'incomplete') return call.askToSpeak(isWithheld(response) ? WITHHELD : CONTINUE)
    if (response.status !== 'failed') return
    const code = response.status_details?.error?.code ?? response.status_details?.error?.type
    call.log.warn({ code }, 'the model could not answer')
    const retryMs = RETRY_MS[failures]
    failures += 1
    if (code === 'insufficient_quota') return call.dropModel(new ModelError('rejected', code))
    if (retryMs === undefined) return call.dropModel(new ModelError('refused', code))
    call.after(retryMs, () => call.askToSpeak(call.activity.owed?.instructions))
  })
}

function isWithheld({ status_details }: FinishedResponse): boolean {
  return status_details?.reason === 'content_filter'
}
