import { useEffect, useState } from 'preact/hooks'
import { ask } from './api.js'

/**
 * What the API answers at this path, asked anew when the path or the version changes, or `again` is called; nothing
 * without a path.
 * @template T
 * @param {string | undefined} path
 * @param {number} [version] of what the answer is about
 * @returns {{ data: T | undefined, error: Error | undefined, again: () => void, set: (change: (data: T) => T) => void }}
 *   the data of the path before is there until the new one comes
 */
export function useAnswer(path, version) {
  const [{ data, error }, setState] = useState(/** @type {{ data?: T, error?: Error }} */ ({}))
  const [round, setRound] = useState(0)
  useEffect(() => {
    if (path === undefined) return setState({})
    const stop = new AbortController()
    ask(path, { signal: stop.signal })
      .then((answer) => setState({ data: answer }))
      .catch((failure) => {
        if (!stop.signal.aborted) setState((before) => ({ ...before, error: failure }))
      })
    return () => stop.abort()
  }, [path, round, version])
  return {
    ...{ data, error },
    again: () => setRound((value) => value + 1),
    set: (change) => setState((before) => (before.data === undefined ? before : { data: change(before.data) }))
  }
}

/** False until what was rendered first is on the screen: what is long and further down can wait for that. */
export function useAfterPaint() {
  const [isPainted, setPainted] = useState(false)
  useEffect(() => {
    const frame = requestAnimationFrame(() => setTimeout(() => setPainted(true)))
    return () => cancelAnimationFrame(frame)
  }, [])
  return isPainted
}
