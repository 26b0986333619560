export interface Message {
  readonly from: string
  /** Where to call back; undefined when the caller gave none and their number is withheld. */
  readonly phone: string | undefined
  readonly text: string
}

export interface MessageBook {
  add(message: Message): Promise<void>
}

/** Messages in memory, forgotten at the next start. Replace it with a mail, a ticket, a chat message. */
export function createMessageBook(): MessageBook & { readonly messages: readonly Message[] } {
  const messages: Message[] = []
  return {
    messages,
    async add(message) {
      messages.push(message)
    }
  }
}

/** The one book that every agent writes into. */
export const messageBook: MessageBook = createMessageBook()
