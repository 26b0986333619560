import { BYTES_PER_MS } from '../sound/mulaw.ts'
import type { FunctionCallItem, Item, ItemStatus, MessageItem } from './conversation.ts'
import { newId, obfuscation } from './ids.ts'
import type { Line } from './line.ts'

/** The place of an item. Outside the conversation (`conversation: "none"`) only response events report it. */
export interface Place {
  readonly line: Line
  readonly responseId: string
  readonly outputIndex: number
  readonly inConversation: boolean
}

/** An item being generated. Closing it sends its done events, also for a cancelled item. */
export interface OutputItem {
  readonly audioMs: number
  readonly text: string
  close(status: ItemStatus): Item
}

function open({ line, responseId, outputIndex, inConversation }: Place, item: Item): void {
  const copy = structuredClone(item)
  line.emit('response.output_item.added', { response_id: responseId, output_index: outputIndex, item: copy })
  if (!inConversation) return
  line.emit('conversation.item.added', { previous_item_id: line.conversation.add(item), item: copy })
}

/**
 * As captured: the conversation's event comes first. For an item that the client deleted meanwhile it is left out:
 * `previous_item_id: null` would mean the first place, and SDK 0.20 would put the item there.
 */
function close({ line, responseId, outputIndex, inConversation }: Place, item: Item): Item {
  if (inConversation && line.conversation.has(item.id)) {
    line.emit('conversation.item.done', { previous_item_id: line.conversation.previousOf(item.id), item })
  }
  line.emit('response.output_item.done', { response_id: responseId, output_index: outputIndex, item })
  return item
}

/** A message, spoken or (for `output_modalities: ["text"]`) written. */
export class MessageOutput implements OutputItem {
  readonly item: MessageItem
  text = ''
  #bytes = 0
  readonly #place: Place
  readonly #written: boolean

  constructor(place: Place, written: boolean) {
    this.#place = place
    this.#written = written
    const id = newId('item')
    this.item = { id, object: 'realtime.item', type: 'message', status: 'in_progress', role: 'assistant', content: [] }
    open(place, this.item)
    // Parts have short type names, items long ones: `audio` here, `output_audio` there.
    this.#emit('response.content_part.added', { part: this.#part() })
  }

  get audioMs(): number {
    return this.#bytes / BYTES_PER_MS
  }

  words(delta: string): void {
    if (delta === '') return
    this.text += delta
    const type = this.#written ? 'response.output_text.delta' : 'response.output_audio_transcript.delta'
    this.#emit(type, { delta, obfuscation: obfuscation() })
  }

  audio(delta: Buffer): void {
    this.#bytes += delta.length
    this.#place.line.conversation.addAudio(this.item.id, delta)
    this.#emit('response.output_audio.delta', { delta: delta.toString('base64'), obfuscation: obfuscation() })
  }

  close(status: ItemStatus): Item {
    if (this.#written) this.#emit('response.output_text.done', { text: this.text })
    else {
      this.#emit('response.output_audio.done', {})
      this.#emit('response.output_audio_transcript.done', { transcript: this.text })
    }
    this.#emit('response.content_part.done', { part: this.#part() })
    this.item.status = status
    this.item.content = [
      this.#written ? { type: 'output_text', text: this.text } : { type: 'output_audio', transcript: this.text }
    ]
    return close(this.#place, this.item)
  }

  #part(): object {
    return this.#written ? { type: 'text', text: this.text } : { type: 'audio', transcript: this.text }
  }

  #emit(type: string, fields: object): void {
    const { line, responseId, outputIndex } = this.#place
    const ids = { response_id: responseId, item_id: this.item.id, output_index: outputIndex, content_index: 0 }
    line.emit(type, { ...ids, ...fields })
  }
}

export class FunctionCallOutput implements OutputItem {
  readonly audioMs = 0
  text = ''
  readonly item: FunctionCallItem
  readonly #place: Place

  constructor(place: Place, name: string, callId: string) {
    this.#place = place
    const base = { id: newId('item'), object: 'realtime.item', status: 'in_progress' } as const
    this.item = { ...base, type: 'function_call', name, call_id: callId, arguments: '' }
    open(place, this.item)
  }

  argument(delta: string): void {
    this.text += delta
    this.#emit('response.function_call_arguments.delta', { delta, obfuscation: obfuscation() })
  }

  close(status: ItemStatus): Item {
    this.#emit('response.function_call_arguments.done', { name: this.item.name, arguments: this.text })
    this.item.status = status
    this.item.arguments = this.text
    return close(this.#place, this.item)
  }

  #emit(type: string, fields: object): void {
    const { line, responseId, outputIndex } = this.#place
    const ids = {
      response_id: responseId,
      item_id: this.item.id,
      output_index: outputIndex,
      call_id: this.item.call_id
    }
    line.emit(type, { ...ids, ...fields })
  }
}
