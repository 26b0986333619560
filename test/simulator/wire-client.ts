import { expect, onTestFinished } from 'vitest'
import WebSocket from 'ws'
import { parseRealtimeEvent } from '../../node_modules/@openai/agents-realtime/dist/openaiRealtimeEvents.js'
import { Inbox } from '../../simulator/inbox.ts'
import { PracticeModel, type PracticeModelOptions } from '../../simulator/model/practice-model.ts'

export type WireEvent = Record<string, unknown> & { type: string }

/** A session.update as a correct client sends it. */
export const phoneAudio = {
  input: { format: { type: 'audio/pcmu' }, transcription: { model: 'gpt-transcribe' } },
  output: { format: { type: 'audio/pcmu' } }
}

/** A plain client of the Realtime API: knows JSON and the socket, and holds every event against the SDK's own parser. */
export class WireClient {
  readonly events = new Inbox<WireEvent>('events at the client', ({ type }) => type)
  /** Types of events that the SDK would not understand. */
  readonly misshapen: string[] = []
  readonly closed: Promise<{ code: number; reason: string }>
  readonly socket: WebSocket

  constructor(model: PracticeModel, { query = '?model=gpt-realtime-2.1', headers = {} } = {}) {
    this.socket = new WebSocket(model.url + query, { headers: { authorization: 'Bearer sk-test', ...headers } })
    this.socket.on('message', (data) => this.#receive(data.toString()))
    this.socket.on('error', () => {})
    this.closed = new Promise((resolve) => {
      this.socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }))
    })
  }

  send(event: object): void {
    this.socket.send(JSON.stringify(event))
  }

  append(audio: Buffer, bytes = 160): void {
    for (let at = 0; at < audio.length; at += bytes) {
      this.send({ type: 'input_audio_buffer.append', audio: audio.subarray(at, at + bytes).toString('base64') })
    }
  }

  next(type: string, limitMs?: number): Promise<WireEvent> {
    return this.events.next((event) => event.type === type, limitMs)
  }

  async error(): Promise<Record<string, unknown>> {
    return (await this.next('error'))['error'] as Record<string, unknown>
  }

  /** Types in order, repeated ones once. */
  get story(): string[] {
    return this.events.all.map(({ type }) => type).filter((type, at, all) => type !== all[at - 1])
  }

  close(): void {
    this.socket.terminate()
  }

  #receive(data: string): void {
    const event = JSON.parse(data) as WireEvent
    if (parseRealtimeEvent({ data } as MessageEvent).isGeneric) this.misshapen.push(data.slice(0, 300))
    this.events.push(event)
  }
}

/** A model for one test, which says "One two three." for 400 ms whatever it is asked. */
export async function startModel(options: PracticeModelOptions = {}): Promise<PracticeModel> {
  const model = await PracticeModel.listen({ brain: () => [{ tone: 400, transcript: 'One two three.' }], ...options })
  onTestFinished(() => model.close())
  return model
}

export function dial(model: PracticeModel, options?: ConstructorParameters<typeof WireClient>[1]): WireClient {
  const client = new WireClient(model, options)
  onTestFinished(() => {
    client.close()
    expect(client.misshapen).toEqual([])
  })
  return client
}

/** A session that is open and set to the phone's audio, with its two ends. */
export async function onThePhone(options: PracticeModelOptions = {}, config: object = {}) {
  const model = await startModel(options)
  const client = dial(model)
  await client.next('session.created')
  client.send({ type: 'session.update', session: { type: 'realtime', audio: phoneAudio, ...config } })
  await client.next('session.updated')
  return { model, client, session: await model.nextSession() }
}
