/**
 * What a minute with the real model costs: the published range for gpt-realtime-2.1 when both sides talk. It rises in a
 * long call, because each answer reads all that was said.
 */
export const PRICE_OF_TALK = 'about $0.10 to $0.30 a minute (gpt-realtime-2.1, both sides talking)'

/** Written turns of gpt-realtime-2.1 at $4 in and $24 out per million tokens; instructions and tools are about 1,500. */
export const PRICE_OF_A_LINE = 'about $0.01 a line (gpt-realtime-2.1, some 2,000 tokens each)'
