import { RealtimeAgent, tool } from '@openai/agents/realtime'
import { z } from 'zod'
import type { CallContext } from '../src/agent/context.ts'
import { buildApp } from '../src/app.ts'
import { environment, loadConfig } from '../src/config.ts'
import { stopGracefully } from '../src/stop.ts'

/** A server, as a process of its own, with mistakes in everything that people add to it. */
const config = loadConfig(environment)

async function rejectLater(by: string): Promise<void> {
  await new Promise(setImmediate)
  throw new Error(`rejected by ${by}`)
}

const forget = tool({
  name: 'forget',
  description: 'Does not await what it has begun.',
  parameters: z.object({}),
  execute: () => {
    void rejectLater('a tool')
    return 'Done.'
  }
})

const desk = new RealtimeAgent<CallContext>({ name: 'Desk', instructions: 'Help.', tools: [forget] })

const app = await buildApp(config, {
  agentFor: () => desk,
  readers: [
    ({ journal }) =>
      journal.follow(({ event }) => {
        if (event.type === 'key' && event.key === '1') void rejectLater('a reader')
      })
  ],
  onCall: ({ journal }, { session }) => {
    journal.on('key', ({ key }) => {
      if (key === '2') void rejectLater('a listener')
      if (key === '9') setImmediate(() => JSON.parse('no JSON'))
    })
    session.on('transport_event', (event) => {
      if (event.type !== 'twilio_message') return
      const { dtmf } = event['message'] as { dtmf?: { digit: string } }
      if (dtmf?.digit === '3') void rejectLater('a listener of the session')
    })
  }
})

stopGracefully(app, config.server.drainTimeoutMs)
await app.listen({ port: 0, host: '127.0.0.1' })
