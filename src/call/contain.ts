/**
 * Wraps every callback of a socket, a timer or a promise: an exception there would be uncaught and end all calls of the
 * process. A rejected promise counts as an exception.
 */
export function contain(run: () => unknown, onFault: (error: unknown) => void): void {
  tell(run, undefined, onFault)
}

/** `contain` for a listener and what it is told, without a closure for each event. */
export function tell<T>(listener: (told: T) => unknown, told: T, onFault: (error: unknown) => void): void {
  try {
    const result = listener(told)
    if (result instanceof Promise) result.catch(onFault)
  } catch (error) {
    onFault(error)
  }
}
