import { setTimeout as delay } from 'node:timers/promises'
import { LoadModel, type LoadModelOptions } from './load/model.ts'
import { Telephone } from './load/telephone.ts'
import { Timeline } from './load/timeline.ts'
import { type Counts, Traffic } from './load/traffic.ts'
import { type ServerName, ServerProcess } from './server-process.ts'

/** The number of calls begun in one second: as on a busy number, not a flood. */
const CALLS_PER_SECOND = 60
/** The time from the webhook to the stream on a real line, about; a model opens meanwhile. */
const RING_MS = 600
/** Audio on its way arrives within this time, unless the server is behind. */
const DRAIN_MS = 700

/** A model, telephones, and the server between them. */
export class LineUp {
  readonly server: ServerProcess
  readonly traffic: Traffic
  readonly timeline: Timeline
  readonly telephones: Telephone[] = []
  readonly #model: LoadModel
  #lost = 0

  /** @param timeline shared by several line-ups at the same time, so that none of them always comes first */
  static async open(name: ServerName, options: LoadModelOptions, timeline = new Timeline()): Promise<LineUp> {
    const traffic = new Traffic()
    const model = await LoadModel.listen(options, traffic, timeline)
    try {
      return new LineUp(await ServerProcess.start(name, model.url), model, traffic, timeline)
    } catch (error) {
      timeline.stop()
      await model.close()
      throw error
    }
  }

  private constructor(server: ServerProcess, model: LoadModel, traffic: Traffic, timeline: Timeline) {
    this.server = server
    this.traffic = traffic
    this.timeline = timeline
    this.#model = model
  }

  /** Adds callers, evenly over time, until there are `calls`. */
  async growTo(calls: number): Promise<void> {
    const ringing: Promise<Telephone>[] = []
    while (this.telephones.length + ringing.length < calls) {
      const call = this.#ring(true)
      // All are awaited together below; until then a failed one must not end the process.
      call.catch(() => {})
      ringing.push(call)
      await delay(1_000 / CALLS_PER_SECOND)
    }
    this.telephones.push(...(await Promise.all(ringing)))
  }

  /** Adds a caller. @param warm with a webhook before the stream, as on a real line; else the stream alone */
  async ring(warm: boolean): Promise<Telephone> {
    const telephone = await this.#ring(warm)
    this.telephones.push(telephone)
    return telephone
  }

  /** The caller who has been on the line the longest hangs up, and a new one calls. */
  async replaceOldest(): Promise<void> {
    await this.ring(true)
    const oldest = this.telephones.shift()
    if (oldest?.wasHungUpOn) this.#lost += 1
    oldest?.hangUp()
  }

  /** Calls that the server ended, although no caller here asks for it. */
  get hungUpOn(): number {
    return this.#lost + this.telephones.filter((telephone) => telephone.wasHungUpOn).length
  }

  /** Makes all callers fall silent. @returns the counts of each caller's audio */
  async settle(): Promise<readonly Counts[]> {
    for (const telephone of this.telephones) telephone.fallSilent()
    await delay(DRAIN_MS)
    return this.telephones.map(({ call }) => this.traffic.call(call))
  }

  async close(): Promise<void> {
    for (const telephone of this.telephones) telephone.hangUp()
    await delay(100)
    this.timeline.stop()
    await this.server.stop()
    await this.#model.close()
  }

  async #ring(warm: boolean): Promise<Telephone> {
    const telephone = new Telephone(this.server.url, this.traffic, this.timeline)
    if (warm) {
      await telephone.callWebhook()
      await delay(RING_MS)
    } else {
      telephone.skipWebhook()
    }
    await telephone.openStream()
    return telephone
  }
}
