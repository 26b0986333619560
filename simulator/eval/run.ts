import type { EndReason } from '../../src/call/end-reason.ts'
import type { SceneFile } from './read-scenes.ts'

export interface Span {
  readonly fromMs: number
  readonly toMs: number
}

/** One turn of the caller's as it was played, in ms since the stream's first `start`. */
export interface PlayedTurn {
  readonly told: string
  /** The first and the last frame of the caller's voice; of anything but speech, when it was done. */
  readonly fromMs: number
  readonly toMs: number
}

/** What was said and heard, from the records. */
export interface HeardTurn {
  readonly who: 'caller' | 'agent'
  /** Of the agent's words those that were heard. */
  readonly text: string
  readonly generatedText: string
  readonly fromMs: number
  readonly toMs: number
  readonly cut: boolean
}

export interface ToolCall {
  readonly name: string
  readonly args: unknown
  /** What the agent was told; undefined when the tool has failed. */
  readonly result: string | undefined
  readonly atMs: number
}

/** Everything that is known of a scene that was played, and nothing of what was expected. */
export interface Run {
  readonly file: SceneFile
  /** Something of ours or of the machine's went wrong: nothing is known of the agent. */
  readonly errors: readonly string[]
  /** How the caller's part ended, where it did not come to its end. */
  readonly trouble: string | undefined
  readonly played: readonly PlayedTurn[]
  readonly heard: readonly HeardTurn[]
  readonly tools: readonly ToolCall[]
  readonly endReason: EndReason | undefined
  readonly transferredTo: string | undefined
  /** What the agent has kept because of the call, by kind. */
  readonly kept: Readonly<Record<string, readonly unknown[]>>
  /** Mu-law of both sides since the first `start`. */
  readonly lanes: { readonly caller: Buffer; readonly agent: Buffer }
  /** Sounds of the server's own on the agent's lane. */
  readonly tones: readonly Span[]
  readonly durationMs: number
  readonly costUsd: number
  /** Why nothing can be said about how long anything took; undefined where it can. */
  readonly unmeasured: string | undefined
}
