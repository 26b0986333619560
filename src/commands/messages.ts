import { type TakenMessage, takenMessages } from '../agent/messages.ts'
import { agentItems } from '../records/agent-items.ts'
import { localTime, tame } from './print.ts'
import { withStore } from './with-store.ts'

/** `npm run messages`: the messages that callers have left, the newest last. */
await withStore(async (store, where) => {
  const messages = await takenMessages(agentItems(store))
  if (messages.length === 0) process.stdout.write(`no message has been taken, as far as ${where} knows.\n`)
  for (const message of messages) process.stdout.write(`${asText(message)}\n\n`)
})

function asText({ at, from, phone, text, callSid }: TakenMessage): string {
  const heading = `${localTime(at)}  ${from}, ${phone ?? 'no number'}  (${callSid})`
  return [heading, `  ${text}`].map(tame).join('\n')
}
