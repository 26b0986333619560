const waiting: (() => void)[] = []

/**
 * Runs `write` when the event loop has read everything that is there, so that the writes of all calls leave together.
 * One by one between reads, each of a call's 50 frames a second would cost the kernel about twice as much (CPU profile,
 * 150 calls).
 * @param write must not throw
 */
export function atTurnsEnd(write: () => void): void {
  if (waiting.push(write) === 1) setImmediate(letGo)
}

function letGo(): void {
  for (const write of waiting.splice(0)) write()
}
