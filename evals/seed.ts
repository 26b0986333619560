import { z } from 'zod'
import type { AgentStore } from '../src/agent/store.ts'

/**
 * What a scene's `seed` may have besides `now`, and how the agent comes to have it. It is of the agent in `src/agent/`:
 * change it with yours.
 */
export const Seed = z
  .strictObject({
    /** Times that are taken. */
    diary: z.array(
      z.string().regex(/^\d{4}-\d\d-\d\d \d\d:\d\d$/, 'expected a time such as 2026-03-03 08:30'),
      'expected a list of times'
    )
  })
  .partial()

/** Before the call. */
export async function sow({ diary = [] }: z.infer<typeof Seed>, store: AgentStore): Promise<void> {
  for (const time of diary) await store.add('appointment', time, { name: 'somebody else' }, NOBODY)
}

const NOBODY = { callSid: '', caller: undefined }
