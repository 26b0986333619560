import { z } from 'zod'
import { defaultBrain, type Reply, type Turn } from '../../simulator/model/brain.ts'
import type { Item } from '../../simulator/model/conversation.ts'

export interface TalkTool {
  readonly description: string
  readonly parameters?: z.ZodObject
  /** What it answers; what a test does not care for is done without a word. */
  readonly answer?: string
}

/** What an agent is told. A handoff is a tool called `transfer_to_NAME`, as the SDK sends it. */
export interface TalkAgent {
  readonly instructions: string
  readonly tools: Readonly<Record<string, TalkTool>>
}

type Call = readonly [tool: string, args: unknown]

/** A conversation with the built-in brain, without a wire: tools answer at once, handoffs lead to the agent of that name. */
export class Talk {
  #agent: TalkAgent
  readonly #agents: Readonly<Record<string, TalkAgent>>
  readonly #items: Item[] = []
  #turnNumber = 0

  constructor(agent: TalkAgent, agents: Readonly<Record<string, TalkAgent>> = {}) {
    this.#agent = agent
    this.#agents = agents
  }

  /** The caller speaks. @returns what the agent then says, and the tools it calls, handoffs included */
  async say(transcript: string): Promise<{ said: string; called: Call[] }> {
    this.#turnNumber += 1
    this.#add({ type: 'message', role: 'user', content: [{ type: 'input_audio', transcript }] })
    return this.#answer({ kind: 'speech' }, transcript)
  }

  /** The server asks the agent to speak. */
  async ask(responseInstructions?: string): Promise<string> {
    const kind = this.#turnNumber === 0 ? 'greeting' : 'prompted'
    return (await this.#answer({ kind, ...(responseInstructions ? { responseInstructions } : {}) }, null)).said
  }

  async #answer(turn: Partial<Turn>, transcript: string | null): Promise<{ said: string; called: Call[] }> {
    const said: string[] = []
    const called: Call[] = []
    let next: Partial<Turn> | undefined = turn
    while (next) {
      const replies: Reply[] = await defaultBrain(this.#turn(next, transcript))
      next = undefined
      for (const reply of replies) {
        if ('say' in reply) {
          said.push(reply.say)
          this.#add({ type: 'message', role: 'assistant', content: [{ type: 'output_audio', transcript: reply.say }] })
        } else if ('callTool' in reply) {
          called.push([reply.callTool, reply.arguments])
          next = this.#called(reply.callTool, reply.arguments)
        }
      }
    }
    return { said: said.join(' '), called }
  }

  #called(name: string, args: unknown): Partial<Turn> {
    const output = this.#agent.tools[name]?.answer ?? 'Done.'
    const call_id = `call_${this.#items.length}`
    this.#add({ type: 'function_call', call_id, name, arguments: JSON.stringify(args) })
    this.#add({ type: 'function_call_output', call_id, output })
    this.#agent = this.#agents[name] ?? this.#agent
    return { kind: 'tool_output', tool: name, output }
  }

  #turn(turn: Partial<Turn>, transcript: string | null): Turn {
    const { instructions, tools } = this.#agent
    const each = Object.entries(tools)
    return {
      kind: 'speech',
      transcript,
      tools: each.map(([name]) => name),
      toolParameters: Object.fromEntries(
        each.map(([name, { parameters = z.object({}) }]) => [name, z.toJSONSchema(parameters)])
      ),
      toolDescriptions: Object.fromEntries(each.map(([name, { description }]) => [name, description])),
      instructions,
      turnNumber: this.#turnNumber,
      items: this.#items,
      ...turn
    }
  }

  #add(item: DistributiveOmit<Item, 'id' | 'object' | 'status'>): void {
    this.#items.push({
      id: `item_${this.#items.length}`,
      object: 'realtime.item',
      status: 'completed',
      ...item
    } as Item)
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never
