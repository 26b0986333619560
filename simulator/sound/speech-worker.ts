import { parentPort } from 'node:worker_threads'
import { synthesize } from './speech.ts'

parentPort?.on('message', async ({ id, text, voice, pace }) => {
  const done = await synthesize(text, voice, pace).then(
    (mulaw) => ({ id, mulaw }),
    (error: Error) => ({ id, error: error.message })
  )
  parentPort?.postMessage(done)
})
