import type { Item, MessageItem } from '../conversation.ts'

/** Something the caller said, and where it stands in the conversation. */
export interface Said {
  readonly words: string
  readonly at: number
}

/** A tool that has answered. */
export interface Answered {
  readonly tool: string
  readonly output: string
  readonly at: number
}

/** The SDK offers each handoff as a tool with this name. */
export const isHandoff = (tool: string): boolean => tool.startsWith('transfer_to_')

export function saidIn(items: readonly Item[]): Said[] {
  return items.flatMap((item, at) => (isFrom('user', item) ? [{ words: textOf(item), at }] : []))
}

export const saidByAgent = (items: readonly Item[]): string[] =>
  items.flatMap((item) => (isFrom('assistant', item) ? [textOf(item)] : []))

/** What the agent said last; undefined when nobody knows its words, as of one that was cut short. */
export function lastWordsOfAgent(items: readonly Item[]): string | undefined {
  const last = items.findLast((item) => isFrom('assistant', item))
  return last && isFrom('assistant', last) ? textOf(last) || undefined : undefined
}

/** The last tool that has answered, of these or of all; a handoff is none. */
export function lastAnswered(items: readonly Item[], tools?: readonly string[]): Answered | undefined {
  const counts = (tool: string) => !isHandoff(tool) && (tools?.includes(tool) ?? true)
  const at = items.findLastIndex((item) => item.type === 'function_call_output' && counts(calledBy(item, items)))
  const item = items[at]
  return item?.type === 'function_call_output' ? { tool: calledBy(item, items), output: item.output, at } : undefined
}

/** The names of the tools that were called since, handoffs included. */
export function calledSince(items: readonly Item[], at: number): string[] {
  return items.slice(at).flatMap((item) => (item.type === 'function_call' ? [item.name] : []))
}

/** Whether the tool was called and has not answered yet. */
export function isRunning(tool: string, items: readonly Item[]): boolean {
  const done = new Set(items.map((item) => (item.type === 'function_call_output' ? item.call_id : undefined)))
  return items.some((item) => item.type === 'function_call' && item.name === tool && !done.has(item.call_id))
}

function calledBy({ call_id }: Extract<Item, { type: 'function_call_output' }>, items: readonly Item[]): string {
  const call = items.find((item) => item.type === 'function_call' && item.call_id === call_id)
  return call?.type === 'function_call' ? call.name : ''
}

const isFrom = (role: 'user' | 'assistant', item: Item): item is MessageItem =>
  item.type === 'message' && item.role === role

const textOf = ({ content }: MessageItem): string =>
  content
    .map((part) => part.text ?? part.transcript ?? '')
    .join(' ')
    .trim()
