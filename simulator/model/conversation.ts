import { BYTES_PER_MS } from '../sound/mulaw.ts'
import { ApiError, itemNotFound } from './api-error.ts'
import type { ClientItem } from './client-events.ts'
import { newId } from './ids.ts'

export type ItemStatus = 'in_progress' | 'completed' | 'incomplete'
type Role = 'user' | 'assistant' | 'system'

export interface Part {
  type: string
  text?: string
  /** Always present on audio, null while unknown: the SDK throws on a user's audio without the key. */
  transcript?: string | null
}

interface BaseItem {
  id: string
  object: 'realtime.item'
  status: ItemStatus
}
export type MessageItem = BaseItem & { type: 'message'; role: Role; content: Part[] }
export type FunctionCallItem = BaseItem & { type: 'function_call'; call_id: string; name: string; arguments: string }
export type FunctionCallOutputItem = BaseItem & { type: 'function_call_output'; call_id: string; output: string }
export type Item = MessageItem | FunctionCallItem | FunctionCallOutputItem

interface Entry {
  item: Item
  audio: Buffer
  audioMs: number
}

const PARTS: Record<Role, string[]> = {
  user: ['input_text', 'input_audio', 'input_image'],
  system: ['input_text'],
  // No `output_audio`: the API accepts the assistant's turns as text only.
  assistant: ['output_text']
}

/** The items of one session, in order, with their audio, which item events never carry. */
export class Conversation {
  readonly id: string = newId('conv')
  #entries: Entry[] = []

  get items(): Item[] {
    return this.#entries.map((entry) => entry.item)
  }

  get last(): Item | undefined {
    return this.#entries.at(-1)?.item
  }

  get assistantSpoke(): boolean {
    return this.#entries.some(
      ({ item, audioMs }) => item.type === 'message' && item.role === 'assistant' && audioMs > 0
    )
  }

  has(id: string): boolean {
    return this.#find(id) !== undefined
  }

  /** The length of the item's audio in ms, as billing and truncation count it. */
  audioMs(id: string): number {
    return this.#find(id)?.audioMs ?? 0
  }

  /**
   * @param after an item's id, or 'root' for the beginning; undefined adds at the end
   * @returns the id of the item before it
   */
  add(
    item: Item,
    after?: string | null,
    audio: Buffer = Buffer.alloc(0),
    audioMs = audio.length / BYTES_PER_MS
  ): string | null {
    const at = this.#placeAfter(after)
    this.#entries.splice(at, 0, { item, audio, audioMs })
    return this.#entries[at - 1]?.item.id ?? null
  }

  /** Adds an item that the client wrote, at the place it asked for. @throws ApiError when the item is refused */
  addFromClient(written: ClientItem, after?: string | null): { item: Item; previousId: string | null } {
    if (written.id && this.#find(written.id)) {
      const message = `Error adding item: an item with id '${written.id}' already exists in the conversation.`
      throw new ApiError('item_already_exists', message, { param: 'item.id' })
    }
    const item = this.#itemOf(written)
    const audio = Buffer.concat((written.content ?? []).map((part) => Buffer.from(part.audio ?? '', 'base64')))
    return { item, previousId: this.add(item, after, audio) }
  }

  /** Adds generated audio to its item as it comes. */
  addAudio(id: string, audio: Buffer): void {
    const entry = this.#find(id)
    if (!entry) return
    entry.audio = Buffer.concat([entry.audio, audio])
    entry.audioMs = entry.audio.length / BYTES_PER_MS
  }

  setTranscript(id: string, transcript: string): void {
    const item = this.#find(id)?.item
    const part = item?.type === 'message' ? item.content[0] : undefined
    if (part) part.transcript = transcript
  }

  get(id: string, verb = 'retrieving'): Item {
    return this.#entry(id, verb).item
  }

  /** The item with its audio, as only `conversation.item.retrieved` gives it. */
  retrieve(id: string): object {
    const { item, audio } = this.#entry(id, 'retrieving')
    if (item.type !== 'message') return item
    const content = item.content.map((part) =>
      part.type.endsWith('_audio') ? { ...part, audio: audio.toString('base64') } : part
    )
    return { ...item, content }
  }

  delete(id: string): void {
    const entry = this.#entry(id, 'deleting')
    this.#entries = this.#entries.filter((other) => other !== entry)
  }

  previousOf(id: string): string | null {
    const at = this.#entries.findIndex(({ item }) => item.id === id)
    return this.#entries[at - 1]?.item.id ?? null
  }

  /**
   * Cuts the audio that the caller did not hear, and drops the transcript: the API does not know which words were in
   * the rest.
   * @returns where it was cut: no later than the end of the audio
   * @throws ApiError for an item without output audio
   */
  truncate(id: string, endMs: number): number {
    const entry = this.#entry(id, 'truncating')
    const { item } = entry
    if (item.type !== 'message' || item.role !== 'assistant' || entry.audioMs === 0) {
      throw new ApiError('unsupported_content_type', 'Only model output audio messages can be truncated', {
        uncorrelated: true
      })
    }
    const cutAt = Math.min(endMs, Math.floor(entry.audioMs))
    entry.audio = entry.audio.subarray(0, cutAt * BYTES_PER_MS)
    entry.audioMs = cutAt
    for (const part of item.content) part.transcript = null
    return cutAt
  }

  #itemOf(written: ClientItem): Item {
    const base = { id: checkedId(written.id), object: 'realtime.item', status: 'completed' } as const
    switch (written.type) {
      case 'message':
        return { ...base, type: 'message', ...messageOf(written) }
      case 'function_call':
        return {
          ...base,
          type: 'function_call',
          call_id: required(written.call_id, 'call_id'),
          name: required(written.name, 'name'),
          arguments: required(written.arguments, 'arguments')
        }
      case 'function_call_output':
        return {
          ...base,
          type: 'function_call_output',
          call_id: this.#knownCall(required(written.call_id, 'call_id')),
          output: required(written.output, 'output')
        }
      default:
        throw invalid('item.type', written.type, ['message', 'function_call', 'function_call_output'])
    }
  }

  #knownCall(callId: string): string {
    if (this.items.some((item) => item.type === 'function_call' && item.call_id === callId)) return callId
    throw new ApiError('invalid_tool_call_id', `Tool call ID '${callId}' not found in conversation.`, {
      uncorrelated: true
    })
  }

  #placeAfter(after: string | null | undefined): number {
    if (after === undefined || after === null) return this.#entries.length
    return after === 'root' ? 0 : this.#entries.indexOf(this.#entry(after, 'adding')) + 1
  }

  #find(id: string): Entry | undefined {
    return this.#entries.find(({ item }) => item.id === id)
  }

  #entry(id: string, verb: string): Entry {
    const entry = this.#find(id)
    if (!entry) throw itemNotFound(id, verb)
    return entry
  }
}

function messageOf({ role, content }: ClientItem): { role: Role; content: Part[] } {
  if (role !== 'user' && role !== 'assistant' && role !== 'system') throw invalid('item.role', role, Object.keys(PARTS))
  if (!content) throw missing('item.content')
  return { role, content: content.map((part, at) => partOf(role, part, at)) }
}

function partOf(role: Role, part: NonNullable<ClientItem['content']>[number], at: number): Part {
  const name = `item.content[${at}]`
  if (!PARTS[role].includes(part.type)) throw invalid(`${name}.type`, part.type, PARTS[role])
  if (part.type === 'input_image') return { type: 'input_image' }
  if (part.type !== 'input_audio') return { type: part.type, text: required(part.text, `content[${at}].text`) }
  required(part.audio ?? undefined, `content[${at}].audio`)
  return { type: 'input_audio', transcript: part.transcript ?? null }
}

/** The API refuses a client's id of more than 32 characters. */
function checkedId(id: string | undefined): string {
  if (id === undefined || id.length <= 32) return id ?? newId('item')
  const message = `Invalid 'item.id': string too long. Expected a string with maximum length 32, but got a string with length ${id.length} instead.`
  throw new ApiError('string_above_max_length', message, { param: 'item.id', fault: true })
}

function required(value: string | undefined, name: string): string {
  if (value === undefined) throw missing(`item.${name}`)
  return value
}

const missing = (param: string): ApiError =>
  new ApiError('missing_required_parameter', `Missing required parameter: '${param}'.`, { param, fault: true })

function invalid(param: string, value: string | undefined, allowed: string[]): ApiError {
  const supported = allowed.map((name) => `'${name}'`).join(', ')
  return new ApiError('invalid_value', `Invalid value: '${value}'. Supported values are: ${supported}.`, {
    param,
    fault: true
  })
}
