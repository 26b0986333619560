import { clock, today } from '../agent/dates.ts'
import { type TakenMessage, takenMessages } from '../agent/messages.ts'
import { agentItems } from '../records/agent-items.ts'
import { withStore } from './with-store.ts'

/** A caller's words must not move the cursor or clear the screen. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the control characters are what is looked for
const CONTROLS = /[\u0000-\u001f\u007f-\u009f]+/g

/** `npm run messages`: the messages that callers have left, the newest last. */
await withStore(async (store, where) => {
  const messages = await takenMessages(agentItems(store))
  if (messages.length === 0) process.stdout.write(`no message has been taken, as far as ${where} knows.\n`)
  for (const message of messages) process.stdout.write(`${asText(message)}\n\n`)
})

function asText({ at, from, phone, text, callSid }: TakenMessage): string {
  const taken = new Date(at)
  const heading = `${today(taken)} ${clock(taken)}  ${from}, ${phone ?? 'no number'}  (${callSid})`
  return [heading, `  ${text}`].map((line) => line.replace(CONTROLS, ' ')).join('\n')
}
