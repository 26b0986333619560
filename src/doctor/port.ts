import { createServer } from 'node:net'
import { bad, type Check, ok, warn } from './finding.ts'

const LIMIT_MS = 2_000

/** A server of this software answers on PORT, or could. */
export const port: Check = async ({ config, localUrl }) => {
  const { port: number, host } = config.server
  const running = await readiness(localUrl)
  if (running === 'ready') return [ok('here', 'port', `The server runs on port ${number}.`)]
  if (running !== undefined) {
    const why = 'It is overloaded, or it stops: new callers are declined.'
    return [warn('here', 'port', `The server on port ${number} takes no new calls.`, why, 'Its log says why.')]
  }
  if (await isFree(number, host)) {
    const mend = 'Start it: `npm run dev`.'
    return [warn('here', 'port', `No server runs on port ${number}; the port is free.`, 'Nobody answers a call.', mend)]
  }
  const mend = 'Stop that program, or set PORT to another number.'
  return [bad('here', 'port', `Port ${number} is taken by another program.`, 'The server cannot start.', mend)]
}

/** What the server says of itself; undefined where none of ours answers. */
async function readiness(url: string): Promise<string | undefined> {
  try {
    const answer = await fetch(`${url}/ready`, { signal: AbortSignal.timeout(LIMIT_MS) })
    const { status } = (await answer.json()) as { status?: unknown }
    return typeof status === 'string' ? status : undefined
  } catch {
    return undefined
  }
}

function isFree(number: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(number, host, () => server.close(() => resolve(true)))
  })
}
