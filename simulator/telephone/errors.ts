/** One line of Twilio's error log. */
export interface TwilioError {
  readonly code: number
  readonly message: string
}

/** Thrown where Twilio could not go on; `code` is the error number that it would log. */
export class TwilioRefusal extends Error {
  override name = 'TwilioRefusal' as const
  readonly code: number
  /** The HTTP status of the refused answer; undefined when there was none. */
  readonly status: number | undefined

  constructor(code: number, message: string, status?: number) {
    super(message)
    this.code = code
    this.status = status
  }

  get logged(): TwilioError {
    return { code: this.code, message: this.message }
  }
}

/** The caller hung up or the call ended before the awaited event. */
export class CallOver extends Error {
  override name = 'CallOver' as const

  constructor(message = 'The call is over.') {
    super(message)
  }
}
