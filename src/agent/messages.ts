export interface Message {
  readonly from: string
  /** The number to call back; undefined when the caller gave none and their own is withheld. */
  readonly phone: string | undefined
  readonly text: string
}

export interface MessageBook {
  add(message: Message): Promise<void>
}

/** Messages in memory, empty after a restart. Replace it with a mail, a ticket or a chat message. */
export function createMessageBook(): MessageBook & { readonly messages: readonly Message[] } {
  const messages: Message[] = []
  return {
    messages,
    async add(message) {
      messages.push(message)
    }
  }
}

/** The message book that all agents share. */
export const messageBook: MessageBook = createMessageBook()
