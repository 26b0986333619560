import { think } from './brain/think.ts'
import type { Item } from './conversation.ts'

/** One thing the model does: says a sentence, makes a sound where no words are needed, or calls a tool. */
export type Reply =
  | { say: string }
  | { tone: number; transcript?: string }
  | { callTool: string; arguments: Record<string, unknown> | string; callId?: string }

/** What the model is answering. */
export interface Turn {
  /**
   * `greeting`: asked to speak before the caller did. `prompted`: asked to speak again with nothing new from the caller.
   * `text`: the newest user item is written.
   */
  readonly kind: 'greeting' | 'speech' | 'tool_output' | 'text' | 'prompted'
  /** The caller's last words; `[speech]` when nobody told the model what they were; null when there are none. */
  readonly transcript: string | null
  /** With `tool_output`: the tool's name, and what it answered. */
  readonly tool?: string
  readonly output?: string
  /** The names of the tools that may be called; the SDK offers each handoff as one called `transfer_to_…`. */
  readonly tools: string[]
  /** Their JSON schemas by name. */
  readonly toolParameters: Readonly<Record<string, unknown>>
  /** What they are for, by name. */
  readonly toolDescriptions: Readonly<Record<string, string>>
  readonly instructions: string
  /** What response.create asks for this time, or a system message that nobody has spoken since. */
  readonly responseInstructions?: string
  /** How many times the caller has spoken or written. */
  readonly turnNumber: number
  /** The conversation; what the caller spoke is in it as words, where somebody told the model. */
  readonly items: readonly Item[]
}

/** Thinks for the practice model. Throwing ends the response as failed with `server_error`. */
export type Brain = (turn: Turn) => Reply[] | Promise<Reply[]>

export const defaultBrain: Brain = think
