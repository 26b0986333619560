import { OpenAIRealtimeWebSocket } from '@openai/agents/realtime'

type Socket = OpenAIRealtimeWebSocket
type ServerEvent = Readonly<Record<string, unknown>>

/** The model's socket, which knows whether the agent still owes an answer: every request and every tool's answer passes it. */
export class WatchedSocket extends OpenAIRealtimeWebSocket {
  #isAsked = false
  #isAnswering = false
  #tools = 0

  /** Nothing was asked for that has not come. */
  get isSettled(): boolean {
    return !this.#isAsked && !this.#isAnswering && this.#tools <= 0
  }

  override requestResponse(...[response]: Parameters<Socket['requestResponse']>): void {
    this.#isAsked = true
    super.requestResponse(response)
  }

  override sendFunctionCallOutput(
    ...[call, output, startResponse]: Parameters<Socket['sendFunctionCallOutput']>
  ): void {
    this.#tools -= 1
    super.sendFunctionCallOutput(call, output, startResponse)
  }

  /** To be called with every event of the model's. */
  hear({ type, response }: ServerEvent): void {
    if (type === 'response.created') {
      this.#isAsked = false
      this.#isAnswering = true
    } else if (type === 'response.done') {
      const { output = [] } = response as { output?: readonly { type?: string }[] }
      this.#tools += output.filter((item) => item.type === 'function_call').length
      this.#isAnswering = false
    }
  }
}
