import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { type AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { Inbox } from '../inbox.ts'
import { ApiError } from './api-error.ts'
import { defaultBrain } from './brain.ts'
import type { SessionKnobs } from './line.ts'
import { type Muted, PracticeSession } from './session.ts'
import { Wire } from './wire.ts'

export type { Brain, Reply, Turn } from './brain.ts'
export { defaultBrain } from './brain.ts'
export type { ClientEvent, ClientEventOf } from './client-events.ts'
export type { ResponseOutcome } from './response.ts'
export { type Muted, PracticeSession } from './session.ts'
export type { ServerEvent } from './wire.ts'

export interface PracticeModelOptions extends Partial<SessionKnobs> {
  /** The time from the upgrade request to the 101, in ms. Default 0 */
  readonly openMs?: number
  /** Whether permessage-deflate is negotiated, as the real API does. Default true */
  readonly compression?: boolean
  /** When set, every other key is refused after the 101, as the real API does. */
  readonly apiKey?: string
  /** The longest time of a session, in ms. Default 3_600_000, as the real API */
  readonly sessionMs?: number
  /** Default 0: any free port */
  readonly port?: number
}

/**
 * How connections are refused: by an HTTP status instead of the 101; by an error event and a close; by no answer at
 * all; by a TCP reset.
 */
export type Refusal = { status: number } | { code: string; closeCode: number; message?: string } | 'hang' | 'reset'

export interface Handshake {
  readonly headers: IncomingHttpHeaders
  readonly url: string
}

const PATH = '/v1/realtime'
/** No sentence lasts as long: these words were for a call that is over. */
const WORDS_LIFE_MS = 30_000
/** An append may hold 15 MiB of audio, in base64. */
const MAX_PAYLOAD = 21 * 1024 * 1024

/** The OpenAI Realtime API on a loopback port, as strict as the real one, and free. */
export class PracticeModel {
  /** ws://127.0.0.1:PORT/v1/realtime; clients append ?model= */
  readonly url: string
  /** The sessions in order of opening, without refused connections. */
  readonly sessions: PracticeSession[] = []
  /** Every attempt to upgrade, refused ones too. */
  readonly handshakes = new Inbox<Handshake>('handshakes', ({ url }) => url)
  /**
   * Errors that no correct client makes: malformed events, a session that is not audio/pcmu. A test asserts that it is
   * empty.
   */
  readonly failures: string[] = []
  #refusal: Refusal | undefined
  readonly #muted = new Set<Muted>()
  readonly #words: string[] = []
  #forgetting: NodeJS.Timeout | undefined
  readonly #opened = new Inbox<PracticeSession>('sessions', (session) => session.id)
  readonly #connections = new Set<Duplex>()
  readonly #options: PracticeModelOptions
  readonly #server: ReturnType<typeof createServer>
  readonly #sockets: WebSocketServer

  static async listen(options: PracticeModelOptions = {}): Promise<PracticeModel> {
    const server = createServer((_, response) => response.writeHead(404).end())
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(options.port ?? 0, '127.0.0.1', resolve)
    })
    return new PracticeModel(server, options)
  }

  private constructor(server: ReturnType<typeof createServer>, options: PracticeModelOptions) {
    this.#server = server
    this.#options = options
    this.url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}${PATH}`
    const perMessageDeflate = options.compression ?? true
    this.#sockets = new WebSocketServer({ noServer: true, perMessageDeflate, maxPayload: MAX_PAYLOAD })
    server.on('connection', (socket) => {
      this.#connections.add(socket)
      socket.once('close', () => this.#connections.delete(socket))
    })
    server.on('upgrade', (request, socket, head) => this.#onUpgrade(request, socket, head))
  }

  /** What a server needs to talk to this model and to no other. */
  get settings(): Record<string, string> {
    const others = { OPENAI_MODEL: '', RESULT_MODEL: '' }
    return { OPENAI_API_KEY: 'sk-practice', OPENAI_REALTIME_URL: this.url, ...others }
  }

  /** The next session that nobody has asked for yet. Throws NothingCame. */
  nextSession(limitMs?: number): Promise<PracticeSession> {
    return this.#opened.next(undefined, limitMs)
  }

  /** Refuses all following connections, until called with `undefined`. */
  refuse(how: Refusal | undefined): void {
    this.#refusal = how
  }

  /** Stops sending these events, also in open sessions, until called with `undefined`. */
  mute(what: Muted | undefined): void {
    if (what === undefined) this.#muted.clear()
    else this.#muted.add(what)
  }

  /** The transcription of the next finished turn of speech, in any session. First in, first out. */
  hearWords(text: string): void {
    this.#words.push(text)
  }

  /**
   * Adds to the words of the next finished turn, in any session: what is said before the turn is over belongs to it.
   * Words that no turn has taken by then are forgotten after some seconds.
   */
  hearMoreWords(text: string): void {
    clearTimeout(this.#forgetting)
    this.#words.splice(0, Number.POSITIVE_INFINITY, [...this.#words, text].join(' '))
    this.#forgetting = setTimeout(() => this.#words.splice(0), WORDS_LIFE_MS).unref()
  }

  /** Ends every connection without a close frame, and the server. */
  async close(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate()
    for (const connection of this.#connections) connection.destroy()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { headers, url = '' } = request
    this.handshakes.push({ headers, url })
    socket.on('error', () => {})
    const refusal = this.#refusal
    if (refusal === 'hang') return
    if (refusal === 'reset') return reset(socket)
    const status = refusal && 'status' in refusal ? refusal.status : statusFor(request)
    if (status) return void socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
    const open = () => this.#sockets.handleUpgrade(request, socket, head, (ws) => this.#onOpen(ws, request, refusal))
    if (this.#options.openMs) setTimeout(() => socket.destroyed || open(), this.#options.openMs)
    else open()
  }

  #onOpen(socket: WebSocket, request: IncomingMessage, refusal: Refusal | undefined): void {
    const closing = told(refusal) ?? this.#check(request)
    if (closing) return closeWith(socket, closing)
    const session = new PracticeSession(socket, this.#host(request.socket), modelOf(request) ?? '')
    this.sessions.push(session)
    this.#opened.push(session)
  }

  /**
   * The API checks the key, the headers and the model after the 101: an error event is its first and only event, then
   * it closes.
   */
  #check({ headers, url }: IncomingMessage): Closing | undefined {
    const { apiKey } = this.#options
    const model = modelOf({ url })
    if (headers['openai-beta'] !== undefined) {
      return closing(
        'beta_api_shape_disabled',
        4000,
        'The Realtime Beta API is no longer supported. Please use the GA API.'
      )
    }
    if (apiKey !== undefined && headers.authorization !== `Bearer ${apiKey}`) {
      const message =
        'Incorrect API key provided. You can find your API key at https://platform.openai.com/account/api-keys.'
      return closing('invalid_api_key', 3000, message)
    }
    if (!model) return closing('missing_model', 4000, 'You must provide a model parameter.')
    if (!model.includes('realtime'))
      return closing('invalid_model', 4000, `Model "${model}" is not supported in realtime mode.`)
    return undefined
  }

  #host(tcp: Duplex) {
    const { speakMs = 0, deltaBytes = 1600, pace = 10, brain = defaultBrain } = this.#options
    const {
      vad = true,
      keepAudio = true,
      transcriptionMs = 0,
      transcriptionUsage = 'duration',
      whenBusy = 'error',
      sessionMs = 3_600_000
    } = this.#options
    return {
      knobs: { speakMs, deltaBytes, pace, brain, vad, keepAudio, transcriptionMs, transcriptionUsage, whenBusy },
      sessionMs,
      reset: () => reset(tcp),
      mutes: (what: Muted) => this.#muted.has(what),
      nextWords: () => this.#words.shift(),
      fail: (message: string) => void this.failures.push(message)
    }
  }
}

interface Closing {
  readonly error: ApiError
  readonly closeCode: number
}

const closing = (code: string, closeCode: number, message: string): Closing => ({
  error: new ApiError(code, message),
  closeCode
})

function told(refusal: Refusal | undefined): Closing | undefined {
  if (typeof refusal !== 'object' || 'status' in refusal) return undefined
  return closing(refusal.code, refusal.closeCode, refusal.message ?? `Refused: ${refusal.code}.`)
}

/** The close reason has the form `<error.type>.<error.code>`. */
function closeWith(socket: WebSocket, { error, closeCode }: Closing): void {
  const wire = new Wire(socket, 'a refused connection')
  wire.refuse(error, null)
  wire.close(closeCode, `${error.type}.${error.code}`)
}

/**
 * The HTTP status of an upgrade that is refused before the 101. For a missing key this is not confirmed for the API.
 */
function statusFor({ headers, url }: IncomingMessage): number | undefined {
  if (new URL(url ?? '', 'ws://model').pathname !== PATH) return 404
  return headers.authorization === undefined ? 401 : undefined
}

const modelOf = ({ url }: { url?: string | undefined }): string | null =>
  new URL(url ?? '', 'ws://model').searchParams.get('model')

function reset(socket: Duplex): void {
  if (socket instanceof Socket) socket.resetAndDestroy()
}
