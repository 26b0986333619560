/**
 * Around everything that a socket, a timer or a promise begins: nobody above it would catch what is thrown, and every other
 * call of the process would end with this one. A rejection counts as thrown.
 */
export function contain(run: () => unknown, onFault: (error: unknown) => void): void {
  try {
    const result = run()
    if (result instanceof Promise) result.catch(onFault)
  } catch (error) {
    onFault(error)
  }
}
