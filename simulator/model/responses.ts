import { ApiError, alreadyActive } from './api-error.ts'
import type { Reply } from './brain.ts'
import type { ResponseParams } from './client-events.ts'
import type { Line } from './line.ts'
import { ModelResponse, type ResponseFailure } from './response.ts'
import type { Tokens } from './usage.ts'

/**
 * The responses of one session: one active in its conversation at a time, others (`conversation: "none"`) beside it.
 */
export class Responses {
  #current: ModelResponse | undefined
  #lastInput: Tokens = { text: 0, audio: 0 }
  #next: { stalls?: boolean; fails?: ResponseFailure } = {}
  readonly #running = new Set<ModelResponse>()
  readonly #line: Line

  constructor(line: Line) {
    this.#line = line
  }

  /**
   * The active response. It is inactive from within response.done on, because a listener of that event may request the
   * next one.
   */
  get active(): ModelResponse | undefined {
    return this.#current?.over ? undefined : this.#current
  }

  refuseSecond(params: ResponseParams): void {
    if (this.active && params.conversation !== 'none') throw alreadyActive(this.active.id)
  }

  start(params: ResponseParams, replies: () => Reply[] | Promise<Reply[]>): ModelResponse {
    const { stalls = false, fails } = this.#next
    this.#next = {}
    const response = new ModelResponse(this.#line, { params, replies, cachedInput: this.#lastInput, stalls })
    this.#lastInput = response.input
    if (response.inConversation) this.#current = response
    this.#running.add(response)
    void response.done.then(() => this.#running.delete(response))
    void response.run()
    if (fails) response.fail(fails)
    return response
  }

  async idle(): Promise<void> {
    while (this.active) await this.active.done
  }

  cancel(responseId: string | undefined): void {
    const wanted = responseId ? [...this.#running].find(({ id }) => id === responseId) : this.active
    if (!wanted) throw new ApiError('response_cancel_not_active', 'Cancellation failed: no active response found')
    wanted.cancel('client_cancelled')
  }

  /** Fails the running response, or else the next one. */
  fail(error: ResponseFailure): void {
    if (this.active) this.active.fail(error)
    else this.#next.fails = error
  }

  /** Stalls the running response at once, or else the next one half-way. */
  stall(): void {
    if (this.active) this.active.stall()
    else this.#next.stalls = true
  }

  abandon(): void {
    for (const response of this.#running) response.abandon()
  }
}
