import { type Brain, defaultBrain, PracticeModel, type Reply, type Turn } from '../model/practice-model.ts'

/** The agent's tool calls and handoffs, which cannot be heard on the line. */
export interface Thoughts {
  readonly tool: (name: string, args: string) => void
  readonly toolAnswer: (name: string, output: string) => void
  readonly handoff: (agent: string) => void
}

/** As a real model feels: a third of a second to open, less than half to think, and speech five times as fast as it plays. */
export const REALISTIC = { openMs: 300, speakMs: 400, pace: 5 }

/** The practice model, and the words that it is about to say. */
export class Practice {
  readonly model: PracticeModel
  readonly #script: Script

  private constructor(model: PracticeModel, script: Script) {
    this.model = model
    this.#script = script
  }

  static async open(thoughts: Thoughts): Promise<Practice> {
    const script = new Script(thoughts)
    return new Practice(await PracticeModel.listen({ ...REALISTIC, brain: script.brain }), script)
  }

  /** The words of the answer whose sound begins to arrive; undefined when they were taken before. */
  takeWords(): string | undefined {
    return this.#script.take()
  }
}

/** Follows the brain's replies. */
class Script {
  #words: string | undefined
  /** Reports of tool calls, made after the words. */
  #afterwards: (() => void)[] = []
  readonly #thoughts: Thoughts

  constructor(thoughts: Thoughts) {
    this.#thoughts = thoughts
  }

  readonly brain: Brain = async (turn: Turn) => {
    if (turn.kind === 'tool_output') this.#answered(turn)
    const replies = await defaultBrain(turn)
    const said = replies.flatMap(wordsOf)
    // Words that were cancelled before they were heard are dropped.
    this.#words = said.length > 0 ? said.join(' ') : undefined
    this.#afterwards = replies.flatMap((reply) => ('callTool' in reply ? [() => this.#called(reply)] : []))
    if (this.#words === undefined) this.#goOn()
    return replies
  }

  take(): string | undefined {
    const words = this.#words
    this.#words = undefined
    // A microtask, so that the words are reported before the tool calls.
    if (words !== undefined) queueMicrotask(() => this.#goOn())
    return words
  }

  #goOn(): void {
    for (const tell of this.#afterwards.splice(0)) tell()
  }

  #called({ callTool, arguments: args }: Extract<Reply, { callTool: string }>): void {
    const agent = handoffTo(callTool)
    if (agent) this.#thoughts.handoff(agent)
    else this.#thoughts.tool(callTool, typeof args === 'string' ? args : JSON.stringify(args))
  }

  #answered({ tool = '', output = '' }: Turn): void {
    if (!handoffTo(tool)) this.#thoughts.toolAnswer(tool, output)
  }
}

function wordsOf(reply: Reply): string[] {
  if ('say' in reply) return [reply.say]
  return 'tone' in reply && reply.transcript ? [reply.transcript] : []
}

/** The SDK's handoffs are tools with this name. */
const handoffTo = (tool: string): string | undefined => tool.match(/^transfer_to_(.+)$/)?.[1]?.replaceAll('_', ' ')
