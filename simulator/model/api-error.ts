export interface ApiErrorDetails {
  param?: string | null
  type?: string
  /**
   * True for errors that only a broken client causes; each is recorded in `model.failures`. Races (a late cancel) are
   * not faults.
   */
  fault?: boolean
  /** Some refusals of the real API carry no event_id, even when the client sent one. */
  uncorrelated?: boolean
}

/** An error that the API reports by an `error` event. */
export class ApiError extends Error {
  override name = 'ApiError' as const
  readonly code: string | null
  readonly type: string
  readonly param: string | null
  readonly fault: boolean
  readonly uncorrelated: boolean

  constructor(code: string | null, message: string, details: ApiErrorDetails = {}) {
    super(message)
    this.code = code
    this.type = details.type ?? 'invalid_request_error'
    this.param = details.param ?? null
    this.fault = details.fault ?? false
    this.uncorrelated = details.uncorrelated ?? false
  }

  /** The `error` object of the event. */
  body(eventId: string | null): {
    type: string
    code: string | null
    message: string
    param: string | null
    event_id: string | null
  } {
    const event_id = this.uncorrelated ? null : eventId
    return { type: this.type, code: this.code, message: this.message, param: this.param, event_id }
  }
}

export const itemNotFound = (id: string, verb: string): ApiError =>
  new ApiError('item_not_found', `Error ${verb} item: the item with id '${id}' does not exist.`, { param: 'item_id' })

export const alreadyActive = (responseId: string): ApiError =>
  new ApiError(
    'conversation_already_has_active_response',
    `Conversation already has an active response in progress: ${responseId}. Wait until the response is finished before creating a new one.`
  )
