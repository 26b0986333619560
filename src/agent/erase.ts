import type { AgentStore, Whose } from './store.ts'

/**
 * Forgets what the tools have kept of a caller, or of one call. It is part of erasing them: whoever keeps messages or
 * appointments elsewhere erases them there, too.
 * @returns how many values were erased
 */
export async function erase(whose: Whose, store: AgentStore): Promise<number> {
  return store.erase(whose)
}
