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
  const instructions = params.instructions ?? newSystemText(items, heard)
  return {
    ...newest(items, said.length),
    transcript: said.length > 0 ? textOf(said.at(-1), heard) : null,
    tools: Object.keys(tools),
    toolParameters: tools,
    instructions: config.instructions,
    ...(instructions ? { responseInstructions: instructions } : {}),
    turnNumber: said.length,
    items
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

function offeredTools(config: SessionConfig, params: ResponseParams): Record<string, unknown> {
  const choice = params.tool_choice ?? config.tool_choice
  if (choice === 'none') return {}
  const tools = params.tools ?? config.tools
  return Object.fromEntries(tools.flatMap((tool) => (tool.name ? [[tool.name, tool['parameters']]] : [])))
}
