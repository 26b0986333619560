import { BYTES_PER_MS, tone } from '../sound/mulaw.ts'
import { speak } from '../sound/speech.ts'
import type { Reply } from './brain.ts'
import type { ResponseParams } from './client-events.ts'
import type { Item } from './conversation.ts'
import { newId } from './ids.ts'
import type { Line } from './line.ts'
import { FunctionCallOutput, MessageOutput, type OutputItem, type Place } from './output-items.ts'
import { inputTokens, outputTokens, type Tokens, usageOf } from './usage.ts'

export interface ResponseFailure {
  readonly type: string
  readonly code: string | null
  readonly message: string
}
export type CancelReason = 'turn_detected' | 'client_cancelled'

/** How a response ended. */
export interface ResponseOutcome {
  readonly responseId: string
  readonly status: 'completed' | 'cancelled' | 'failed'
  readonly items: Item[]
}

export interface ResponseRequest {
  readonly params: ResponseParams
  /** Called when the response has begun, so that it sees the conversation of that moment. */
  readonly replies: () => Reply[] | Promise<Reply[]>
  readonly cachedInput: Tokens
  /** Stops the response half-way: no more deltas, no done. */
  readonly stalls?: boolean
}

/** One response from response.created to response.done, which comes exactly once in any case. */
export class ModelResponse {
  readonly id = newId('resp')
  readonly input: Tokens
  /** Settles after response.done, or when the session is gone. */
  readonly done: Promise<ResponseOutcome>
  #settle: (outcome: ResponseOutcome) => void = () => {}
  #over = false
  #stalls: boolean
  #stalled = false
  #open: OutputItem | undefined
  #outputs: OutputItem[] = []
  #items: Item[] = []
  readonly #requestedAt = performance.now()
  readonly #line: Line
  readonly #request: ResponseRequest

  constructor(line: Line, request: ResponseRequest) {
    this.#line = line
    this.#request = request
    this.#stalls = request.stalls ?? false
    this.input = inputTokens(line.config, line.conversation)
    this.done = new Promise((resolve) => {
      this.#settle = resolve
    })
  }

  get over(): boolean {
    return this.#over
  }

  get inConversation(): boolean {
    return this.#request.params.conversation !== 'none'
  }

  async run(): Promise<void> {
    this.#line.emit('response.created', { response: this.#body('in_progress') })
    try {
      for (const reply of await this.#request.replies()) {
        if (this.#halted) return
        if ('callTool' in reply) await this.#callTool(reply)
        else await this.#say(reply)
      }
      if (!this.#halted) this.#finish('completed', null)
    } catch (error) {
      // When a brain throws or speech cannot be made, the API reports a server error.
      this.fail({ type: 'server_error', code: null, message: String(error) })
    }
  }

  cancel(reason: CancelReason): void {
    this.#finish('cancelled', { type: 'cancelled', reason })
  }

  fail(error: ResponseFailure): void {
    this.#finish('failed', { type: 'failed', error })
  }

  /** Sends nothing more. The response stays active until it is cancelled. */
  stall(): void {
    this.#stalled = true
  }

  /** The session is gone: nothing more is sent. */
  abandon(): void {
    this.#over = true
    this.#settle({ responseId: this.id, status: 'cancelled', items: this.#items })
  }

  get #halted(): boolean {
    return this.#over || this.#stalled
  }

  async #say(reply: Exclude<Reply, { callTool: string }>): Promise<void> {
    const written = this.#modalities.includes('text')
    const { audio, transcript } = written ? { audio: Buffer.alloc(0), transcript: wordsOf(reply) } : await voiced(reply)
    await this.#until(this.#line.knobs.speakMs - (performance.now() - this.#requestedAt))
    if (this.#halted) return
    const message = this.#opened(new MessageOutput(this.#place(), written))
    await this.#stream(message, audio, transcript)
    this.#closeOpen('completed')
  }

  /** Words come in proportion to the audio; the real model's come a little earlier. */
  async #stream(message: MessageOutput, audio: Buffer, transcript: string): Promise<void> {
    const { deltaBytes, pace } = this.#line.knobs
    const words = wordsIn(transcript)
    let said = 0
    const startedAt = performance.now()
    for (let at = 0; at < audio.length; at += deltaBytes) {
      await this.#until(at / BYTES_PER_MS / pace - (performance.now() - startedAt))
      if (this.#halted) return
      const sent = Math.min(at + deltaBytes, audio.length)
      const due = Math.ceil((words.length * sent) / audio.length)
      message.words(words.slice(said, due).join(''))
      message.audio(audio.subarray(at, sent))
      said = due
      if (this.#stalls && sent >= audio.length / 2) this.stall()
    }
    if (!this.#halted) message.words(words.slice(said).join(''))
  }

  async #callTool({ callTool, arguments: args, callId }: Extract<Reply, { callTool: string }>): Promise<void> {
    await this.#until(this.#line.knobs.speakMs - (performance.now() - this.#requestedAt))
    if (this.#halted) return
    const call = this.#opened(new FunctionCallOutput(this.#place(), callTool, callId ?? newId('call')))
    const text = typeof args === 'string' ? args : JSON.stringify(args)
    call.argument(text.slice(0, text.length / 2))
    if (this.#stalls) return this.stall()
    call.argument(text.slice(text.length / 2))
    this.#closeOpen('completed')
  }

  async #until(ms: number): Promise<void> {
    if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms))
  }

  get #modalities(): string[] {
    return this.#request.params.output_modalities ?? this.#line.config.output_modalities
  }

  #place(): Place {
    const { id: responseId, inConversation } = this
    return { line: this.#line, responseId, outputIndex: this.#outputs.length, inConversation }
  }

  #opened<T extends OutputItem>(item: T): T {
    this.#open = item
    this.#outputs.push(item)
    return item
  }

  #closeOpen(status: 'completed' | 'incomplete'): void {
    if (this.#halted && status === 'completed') return
    if (this.#open) this.#items.push(this.#open.close(status))
    this.#open = undefined
  }

  #finish(status: ResponseOutcome['status'], details: object | null): void {
    if (this.#over) return
    this.#closeOpen('incomplete')
    this.#over = true
    this.#line.emit('response.done', { response: this.#body(status, details) })
    const tokens = { name: 'tokens', limit: 4_000_000, remaining: 3_999_000, reset_seconds: 0.015 }
    this.#line.emit('rate_limits.updated', { rate_limits: [tokens] })
    this.#settle({ responseId: this.id, status, items: this.#items })
  }

  #body(status: string, details: object | null = null): object {
    const { config, conversation } = this.#line
    const { params, cachedInput } = this.#request
    const told = status === 'completed' || status === 'cancelled'
    return {
      object: 'realtime.response',
      id: this.id,
      status,
      status_details: details,
      output: this.#items,
      conversation_id: this.inConversation ? conversation.id : null,
      output_modalities: this.#modalities,
      max_output_tokens: params.max_output_tokens ?? config.max_output_tokens,
      audio: { output: { format: config.audio.output.format, voice: config.audio.output.voice } },
      usage: told ? usageOf(this.input, outputTokens(this.#outputs), cachedInput) : null,
      metadata: params.metadata ?? null
    }
  }
}

type Utterance = Exclude<Reply, { callTool: string }>

const wordsOf = (reply: Utterance): string =>
  'say' in reply ? reply.say : (reply.transcript ?? `A tone of ${reply.tone} ms.`)

async function voiced(reply: Utterance): Promise<{ audio: Buffer; transcript: string }> {
  return { audio: 'say' in reply ? await speak(reply.say) : toneOf(reply.tone), transcript: wordsOf(reply) }
}

const tones = new Map<number, Buffer>()
function toneOf(ms: number): Buffer {
  const known = tones.get(ms) ?? tone(ms)
  tones.set(ms, known)
  return known
}

/** Each word with the space after it: joined they are the text again. */
const wordsIn = (text: string): string[] => text.match(/\S+\s*|\s+/g) ?? []
