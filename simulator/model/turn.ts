import type { Turn } from './brain.ts'
import type { ResponseParams } from './client-events.ts'
import type { Item, MessageItem } from './conversation.ts'
import type { SessionConfig } from './session-config.ts'

/** The words of spoken items by id, also when the session asks for no transcription. */
export type Heard = ReadonlyMap<string, string>

/** The brain's input, from the current conversation. */
export function turnOf(config: SessionConfig, items: readonly Item[], params: ResponseParams, heard: Heard): Turn {
  const said = items.filter((item) => item.type === 'message' && item.role === 'user') as MessageItem[]
  const tools = offeredTools(config, params)
  const newestItem = newest(items, said.length)
  const isOwed = newestItem.kind === 'speech' || newestItem.kind === 'text' || newestItem.kind === 'tool_output'
  // News that comes while somebody waits for an answer is no question of its own.
  const instructions = params.instructions ?? (isOwed ? undefined : newSystemText(items, heard))
  return {
    ...newestItem,
    transcript: said.length > 0 ? textOf(said.at(-1), heard) : null,
    tools: tools.map(({ name }) => name),
    toolParameters: Object.fromEntries(tools.map(({ name, parameters }) => [name, parameters])),
    toolDescriptions: Object.fromEntries(tools.map(({ name, description }) => [name, description])),
    instructions: config.instructions,
    ...(instructions ? { responseInstructions: instructions } : {}),
    turnNumber: said.length,
    items: items.map((item) => withWords(item, heard))
  }
}

/** The item to answer: the newest one that is not the assistant's own, unless it was answered already. */
function newest(items: readonly Item[], timesSaid: number): Pick<Turn, 'kind' | 'tool' | 'output'> {
  const last = items.findLast((item) => item.type !== 'message' || item.role !== 'system')
  if (last?.type === 'function_call_output') {
    const call = items.find((item) => item.type === 'function_call' && item.call_id === last.call_id)
    return { kind: 'tool_output', output: last.output, ...(call?.type === 'function_call' ? { tool: call.name } : {}) }
  }
  if (timesSaid === 0) return { kind: 'greeting' }
  if (last?.type !== 'message' || last.role !== 'user') return { kind: 'prompted' }
  return { kind: last.content.some((part) => part.type === 'input_audio') ? 'speech' : 'text' }
}

/** The text of a system message at the end, which counts for this response only. */
function newSystemText(items: readonly Item[], heard: Heard): string | undefined {
  const last = items.at(-1)
  return last?.type === 'message' && last.role === 'system' ? textOf(last, heard) : undefined
}

function textOf(item: MessageItem | undefined, heard: Heard): string {
  const words = item?.content.map((part) => part.text ?? part.transcript ?? heard.get(item.id) ?? '[speech]')
  return words?.join(' ') ?? ''
}

/** Spoken words are an item's own only where the session asked for transcription. */
function withWords(item: Item, heard: Heard): Item {
  const words = item.type === 'message' && item.role === 'user' ? heard.get(item.id) : undefined
  if (words === undefined || item.type !== 'message') return item
  return {
    ...item,
    content: item.content.map((part) => (part.type === 'input_audio' ? { ...part, transcript: words } : part))
  }
}

interface OfferedTool {
  readonly name: string
  readonly description: string
  readonly parameters: unknown
}

function offeredTools(config: SessionConfig, params: ResponseParams): OfferedTool[] {
  const choice = params.tool_choice ?? config.tool_choice
  if (choice === 'none') return []
  return (params.tools ?? config.tools).flatMap(({ name, ...tool }) =>
    name ? [{ name, description: String(tool['description'] ?? ''), parameters: tool['parameters'] }] : []
  )
}
