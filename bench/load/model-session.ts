import { Answer } from './answer.ts'
import { Conversation, type Party, TRANSCRIPT } from './conversation.ts'
import { agentItem, callerItem, event, newSession, updatedSession } from './model-events.ts'
import { readStamps } from './stamp.ts'
import type { Stepping } from './timeline.ts'
import type { Traffic } from './traffic.ts'

/** One second of greeting. */
const GREETING_DELTAS = 5

export interface ModelSocket {
  send(text: string): void
}

/** The model's side of one call: it receives stamped audio, and plays its part of the conversation. */
export class ModelSession implements Stepping, Party {
  #call: number | undefined
  readonly #socket: ModelSocket
  readonly #traffic: Traffic
  readonly #talks: boolean
  #session = newSession()
  #greeting: Answer | undefined
  #conversation: Conversation | undefined
  #lastItemId: string | null = null

  constructor(socket: ModelSocket, traffic: Traffic, talks: boolean) {
    this.#socket = socket
    this.#traffic = traffic
    this.#talks = talks
    this.say(event('session.created', { session: this.#session }))
  }

  /** The caller's number; undefined until their first audio. */
  get call(): number | undefined {
    return this.#call
  }

  say = (text: string): void => this.#socket.send(text)

  addItem(id: string): string | null {
    const previousId = this.#lastItemId
    this.#lastItemId = id
    return previousId
  }

  spokenOver(): void {
    if (this.#call !== undefined) this.#traffic.spokenOver(this.#call)
  }

  step(now: number): void {
    this.#greeting?.step(now)
    if (this.#greeting?.isOver) this.#greeting = undefined
    if (this.#conversation) return this.#conversation.step(now)
    if (!this.#talks || this.#call === undefined) return
    this.#conversation = new Conversation(this, now + GREETED_MS + Conversation.spread(this.#call))
  }

  onText(text: Buffer): void {
    const audioAt = text.indexOf(AUDIO)
    if (audioAt >= 0) return this.#onAppend(text, audioAt + AUDIO.length)
    const message = JSON.parse(text.toString()) as ClientEvent
    switch (message.type) {
      case 'session.update':
        this.#session = updatedSession(this.#session, message.session ?? {})
        return this.say(event('session.updated', { session: this.#session }))
      case 'response.create':
        this.#greeting = new Answer(this, GREETING_DELTAS, performance.now())
        return this.#greeting.step(performance.now())
      case 'conversation.item.truncate':
        return this.say(event('conversation.item.truncated', truncated(message)))
      case 'conversation.item.retrieve':
        return this.say(event('conversation.item.retrieved', { item: this.#itemFor(message.item_id ?? '') }))
    }
  }

  #onAppend(text: Buffer, from: number): void {
    readStamps(text, from, text.indexOf(QUOTE, from), (stamp) => {
      this.#call = stamp.sender
      this.#traffic.callerHeard(stamp)
    })
  }

  /** After a truncation the agent's words are gone. The caller's words are those of the transcription. */
  #itemFor(id: string) {
    return this.#conversation?.callersItem === id ? callerItem(id, TRANSCRIPT) : agentItem(id, 'incomplete', '')
  }
}

/** The greeting has been played after this time. */
const GREETED_MS = 1_200
const AUDIO = Buffer.from('"audio":"')
const QUOTE = 0x22

interface ClientEvent {
  readonly type: string
  readonly session?: Parameters<typeof updatedSession>[1]
  readonly item_id?: string
  readonly content_index?: number
  readonly audio_end_ms?: number
}

function truncated({ item_id, content_index, audio_end_ms }: ClientEvent) {
  return { item_id, content_index, audio_end_ms }
}
