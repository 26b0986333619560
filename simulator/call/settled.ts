/**
 * The silence, in ms, after which an agent has finished. Real agents pause for a tool in the middle of an answer; the
 * practice model's pauses are known.
 */
export const SETTLED_MS = { practice: 700, real: 1_500 }
