import type { Brain } from '../../simulator/model/practice-model.ts'

/** Calls the first tool that wants arguments without any: whatever the agent's tools are, it fails. */
export const wrongArguments: Brain = ({ kind, tools, toolParameters }) => {
  if (kind === 'greeting') return [{ say: 'Hello.' }]
  if (kind === 'tool_output') return [{ say: 'Sorry.' }]
  const wanting = tools.find((name) => (toolParameters[name] as { required?: string[] }).required?.length)
  return [{ callTool: String(wanting), arguments: {} }]
}
