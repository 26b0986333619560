/** What the page's telephone does next: Twilio's TwiML as data. `say` is for the person to hear or read first. */
export type Instruction =
  | { readonly do: 'hang up' }
  | { readonly do: 'apologise'; readonly say: string }
  | { readonly do: 'dial'; readonly target: string; readonly number: string | null; readonly summary: string }
  | ({ readonly do: 'stream' } & Stream)

export interface Stream {
  readonly callSid: string
  /** Undefined for a call that is no practice. */
  readonly accountSid: string | undefined
  /** The `customParameters` of the stream's `start`, with a token that is good once. */
  readonly parameters: Readonly<Record<string, string>>
  readonly say: string
}
