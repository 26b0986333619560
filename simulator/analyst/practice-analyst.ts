import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { Inbox } from '../inbox.ts'
import { ApiError } from '../model/api-error.ts'
import { newId } from '../model/ids.ts'
import { fillIn } from './fill-in.ts'
import { checkRequest, type ResponsesRequest } from './request.ts'

/** Says what is to be answered in place of the form that is filled in: a text, an HTTP status, or nothing at all. */
export type Answer = (request: ResponsesRequest) => string | { status: number } | 'hang' | undefined

export interface PracticeAnalystOptions {
  /** By default the form is filled in from the record. */
  readonly answer?: Answer
}

/** OpenAI's Responses API on a loopback port: what RESULT_MODEL needs of it, as strict as the real one, and free. */
export class PracticeAnalyst {
  /** As OPENAI_BASE_URL. */
  readonly url: string
  readonly requests = new Inbox<ResponsesRequest>('requests', ({ model }) => model)
  /** What the real API would have refused. */
  readonly failures: string[] = []
  answer: Answer
  readonly #server: Server

  private constructor(server: Server, { answer = () => undefined }: PracticeAnalystOptions) {
    this.#server = server
    this.answer = answer
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
    server.on('request', (request, reply) => void this.#serve(request, reply))
  }

  static async listen(options: PracticeAnalystOptions = {}): Promise<PracticeAnalyst> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new PracticeAnalyst(server, options)
  }

  /** The settings of a server that has its calls analysed here. */
  get settings() {
    return { OPENAI_BASE_URL: this.url, RESULT_MODEL: 'gpt-6-luna' }
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #serve(request: IncomingMessage, reply: ServerResponse): Promise<void> {
    const body = await text(request)
    try {
      const checked = checkRequest(request, body)
      this.requests.push(checked)
      const answer = this.answer(checked) ?? fillIn(checked)
      if (answer === 'hang') return
      if (typeof answer === 'object') return send(reply, answer.status, { error: errorOf(answer.status) })
      send(reply, 200, responseTo(checked, answer))
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.failures.push(error.message)
      const { event_id: _, ...details } = error.body(null)
      send(reply, error.code === 'invalid_api_key' ? 401 : 400, { error: details })
    }
  }
}

function errorOf(status: number) {
  return { message: `The practice analyst answers ${status}.`, type: 'server_error', param: null, code: null }
}

function send(reply: ServerResponse, status: number, body: object): void {
  reply.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

/** As the API answers; four characters are a token here. Output beyond the limit is cut off. */
function responseTo({ model, instructions, input, text: format, ...request }: ResponsesRequest, answer: string) {
  const outputTokens = Math.ceil(answer.length / 4)
  const isCut = outputTokens > request.max_output_tokens
  const words = isCut ? answer.slice(0, request.max_output_tokens * 4) : answer
  const inputTokens = Math.ceil((instructions.length + JSON.stringify([input, format]).length) / 4)
  const output = Math.min(outputTokens, request.max_output_tokens)
  return {
    ...{ id: newId('resp'), object: 'response', created_at: Math.floor(Date.now() / 1_000) },
    ...{ status: isCut ? 'incomplete' : 'completed', error: null, background: false },
    incomplete_details: isCut ? { reason: 'max_output_tokens' } : null,
    ...{ instructions, max_output_tokens: request.max_output_tokens, model, metadata: {}, user: null },
    output: [
      {
        ...{ type: 'message', id: newId('msg'), role: 'assistant', status: isCut ? 'incomplete' : 'completed' },
        content: [{ type: 'output_text', text: words, annotations: [], logprobs: [] }]
      }
    ],
    ...{ parallel_tool_calls: true, previous_response_id: null, reasoning: request.reasoning ?? null },
    ...{ store: request.store, temperature: 1, text: format, tool_choice: 'auto', tools: [], top_p: 1 },
    truncation: 'disabled',
    usage: {
      ...{ input_tokens: inputTokens, input_tokens_details: { cached_tokens: 0 } },
      ...{ output_tokens: output, output_tokens_details: { reasoning_tokens: 0 }, total_tokens: inputTokens + output }
    }
  }
}
