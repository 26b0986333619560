import { randomUUID } from 'node:crypto'
import type { Call, Message } from './context.ts'
import type { AgentStore } from './store.ts'

/** The kind under which the store has messages. */
export const MESSAGES = 'message'

export interface MessageBook {
  add(message: Message, call: Call): Promise<void>
}

/** The message book that all agents share. Replace it with a mail, a ticket or a chat message (docs/operating.md). */
export const messageBook: MessageBook = {
  async add(message, { store }) {
    await store.add(MESSAGES, randomUUID(), message)
  }
}

/** A message in the book. */
export interface TakenMessage extends Message {
  /** When it was taken, in ms since the epoch. */
  readonly at: number
  readonly callSid: string
}

/** The messages in the book, oldest first. */
export async function takenMessages(store: Pick<AgentStore, 'list'>): Promise<TakenMessage[]> {
  const kept = await store.list(MESSAGES)
  return kept.map(({ value, at, callSid }) => ({ ...(value as Message), at, callSid }))
}
