import type { Behaviour } from './behaviour.ts'

/** The agent speaks first, once, as soon as the model is there. A caller who comes back is not greeted again. */
export const greeting: Behaviour = (call) => {
  call.facts.once('live', () => {
    if (call.context.returnedFrom !== undefined) call.askToSpeak()
    else if (call.config.call.greeting !== '') call.askToSpeak(call.config.call.greeting)
  })
}
