import type { Conversation, Item } from './conversation.ts'
import type { OutputItem } from './output-items.ts'
import type { SessionConfig } from './session-config.ts'

/** Audio tokens: the caller's 1 per 100 ms, the assistant's 1 per 50 ms. */
const CALLER_TOKEN_MS = 100
const ASSISTANT_TOKEN_MS = 50
const CACHE_BLOCK = 64

export interface Tokens {
  readonly text: number
  readonly audio: number
}

export interface Usage {
  readonly total_tokens: number
  readonly input_tokens: number
  readonly output_tokens: number
  readonly input_token_details: object
  readonly output_token_details: object
}

const textTokens = (text: string): number => Math.ceil(text.length / 4)

/** The whole conversation is the input of every response. */
export function inputTokens(config: SessionConfig, conversation: Conversation): Tokens {
  const fixed =
    textTokens(config.instructions) + (config.tools.length > 0 ? textTokens(JSON.stringify(config.tools)) : 0)
  const { items } = conversation
  return {
    text: items.reduce((sum, item) => sum + textTokens(wordsOf(item)), fixed),
    audio: items.reduce((sum, item) => sum + audioTokens(item, conversation.audioMs(item.id)), 0)
  }
}

export function outputTokens(outputs: OutputItem[]): Tokens {
  return {
    text: outputs.reduce((sum, output) => sum + textTokens(output.text), 0),
    audio: outputs.reduce((sum, output) => sum + Math.ceil(output.audioMs / ASSISTANT_TOKEN_MS), 0)
  }
}

/**
 * @param before the input of the session's last response: the part that is the same comes from the cache, in whole
 * blocks
 */
export function usageOf(input: Tokens, output: Tokens, before: Tokens): Usage {
  const cachedText = wholeBlocks(Math.min(input.text, before.text))
  const cachedAudio = wholeBlocks(Math.min(input.audio, before.audio))
  const inputTotal = input.text + input.audio
  const outputTotal = output.text + output.audio
  return {
    total_tokens: inputTotal + outputTotal,
    input_tokens: inputTotal,
    output_tokens: outputTotal,
    input_token_details: {
      text_tokens: input.text,
      audio_tokens: input.audio,
      image_tokens: 0,
      cached_tokens: cachedText + cachedAudio,
      cached_tokens_details: { text_tokens: cachedText, audio_tokens: cachedAudio, image_tokens: 0 }
    },
    output_token_details: { text_tokens: output.text, audio_tokens: output.audio }
  }
}

/** The usage of one turn's transcription, which is billed apart from the responses. */
export function transcriptionUsage(unit: 'duration' | 'tokens', audioMs: number, transcript: string): object {
  if (unit === 'duration') return { type: 'duration', seconds: Math.ceil(audioMs / 1000) }
  const audio = Math.ceil(audioMs / CALLER_TOKEN_MS)
  const output = textTokens(transcript)
  return {
    type: 'tokens',
    total_tokens: audio + output,
    input_tokens: audio,
    input_token_details: { text_tokens: 0, audio_tokens: audio },
    output_tokens: output
  }
}

const wholeBlocks = (tokens: number): number => Math.floor(tokens / CACHE_BLOCK) * CACHE_BLOCK

function wordsOf(item: Item): string {
  if (item.type === 'function_call') return item.name + item.arguments
  if (item.type === 'function_call_output') return item.output
  return item.content.map((part) => part.text ?? '').join(' ')
}

function audioTokens(item: Item, audioMs: number): number {
  const tokenMs = item.type === 'message' && item.role === 'user' ? CALLER_TOKEN_MS : ASSISTANT_TOKEN_MS
  return Math.ceil(audioMs / tokenMs)
}
