import type { ServerFrame } from './checks.ts'
import type { TwilioError } from './errors.ts'
import type { CloseStyle } from './stream.ts'

export interface DialResult {
  readonly status: 'completed' | 'busy' | 'no-answer' | 'failed'
  /** The length of their talk, in ms of the call's time. Default 0. */
  readonly talkMs?: number
}

/** Decides whether a dialled person picks up. */
export type DialSomebody = (
  number: string,
  dial: { readonly attributes: Readonly<Record<string, string>> }
) => DialResult | Promise<DialResult>

export interface RingOptions {
  /** The origin that is dialled, e.g. `http://127.0.0.1:5050`. */
  readonly url: string
  /**
   * The origin that Twilio signs, as behind a tunnel: `https://agent.example.com`. Requests then carry its Host and
   * X-Forwarded-*. Default: `url`.
   */
  readonly publicUrl?: string | undefined
  /** Signs every request and the upgrade. Default: nothing is signed. */
  readonly authToken?: string | undefined
  readonly from?: string
  readonly to?: string
  readonly callSid?: string
  readonly accountSid?: string
  /** Default `inbound`. */
  readonly direction?: string
  /** More form parameters for every webhook; they replace standard ones of the same name. */
  readonly parameters?: Readonly<Record<string, string>>
  /** More headers for every request and the upgrade; they replace Twilio's of the same name. */
  readonly headers?: Readonly<Record<string, string>>
  /** Default POST. */
  readonly method?: 'POST' | 'GET'
  /** Default `/incoming-call`; `/media-stream` for `openStream`. */
  readonly path?: string
  /** Signs the upgrade with a slash after its URL, as Twilio has been seen to. Default false. */
  readonly signSlash?: boolean
  /** False: no mark is returned, as on a line whose frames to the server are lost. Default true. */
  readonly returnsMarks?: boolean
  /** Whether the caller's frame of this number is lost on a bad line. Default: none is. */
  readonly loses?: (frame: number) => boolean
  /** The caller's hanging up as the stream shows it. Default `stop`. */
  readonly closeStyle?: CloseStyle
  /** The close code when Twilio closes the stream. Default 1000; Twilio's own is not documented. */
  readonly closeCode?: 1000 | 1005
  /** The speed of the call's time, for frames and playback. Default 1: 20 ms frames every 20 ms. */
  readonly pace?: number
  /** Timestamp of the first frame, in ms. Default 155. */
  readonly firstTimestamp?: number
  /** Default: every dialled person picks up and hangs up at once. */
  readonly dial?: DialSomebody
  /** Speaks the text of `<Say>`, which then takes its time and is in `heard`. Default false: it takes no time. */
  readonly sayAloud?: boolean
  /** The URL (or path) that is requested when the call has ended. Default none. */
  readonly statusCallback?: string
  /** The limit for a webhook's answer, in real ms. Default 15000. */
  readonly webhookTimeoutMs?: number
  /** The limit for the upgrade, in real ms. Default 10000; Twilio's is not documented. */
  readonly handshakeTimeoutMs?: number
  /** False keeps neither frames nor sound, for many long calls at once. Default true. */
  readonly remember?: boolean
  /** Called with every frame as it comes, before it is played. */
  readonly onFrame?: (frame: ServerFrame) => void
}

export interface OpenStreamOptions extends RingOptions {
  readonly customParameters?: Readonly<Record<string, string>>
  readonly streamSid?: string
  /** False opens the socket and sends nothing by itself: no `connected`, no `start`, no audio. Default true. */
  readonly start?: boolean
}

export interface CallOutcome {
  /**
   * The side that ended the call. `error`: Twilio gave up, and the caller heard "an application error has occurred".
   */
  readonly by: 'caller' | 'server' | 'reject' | 'error'
  /**
   * `hangup` or `completed` (no verb left) by the server, Reject's reason, Twilio's log line of an error, or the close
   * of a stream without a webhook.
   */
  readonly reason?: string
  readonly errors: readonly TwilioError[]
  readonly notes: readonly TwilioError[]
  /** The time from the answer to the end, in ms of the call's time. 0 when the call was not answered. */
  readonly durationMs: number
  readonly dialled: readonly string[]
}
