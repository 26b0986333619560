import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sow } from '../../evals/seed.ts'
import { buildApp, type Dependencies } from '../../src/app.ts'
import type { Call } from '../../src/call/call.ts'
import { environment, loadConfig } from '../../src/config.ts'
import { agentItems } from '../../src/records/agent-items.ts'
import { openStore, type Store } from '../../src/store/open.ts'
import { REALISTIC } from '../call/practice.ts'
import { type Brain, PracticeModel } from '../model/practice-model.ts'
import type { Scene } from './scene.ts'

/** What a server for scenes needs to know. */
export interface HouseOptions {
  /** The real model answers, and is paid for. */
  readonly isReal: boolean
  /** What the practice model says, in place of what goes by words. */
  readonly brain?: Brain
  /** Another agent, or a limit on what a call may cost. */
  readonly overrides?: Partial<Dependencies>
  readonly settings?: Readonly<Record<string, string>>
}

/** A server of its own for one call, with its clock, its store and its model. Nothing of it outlives the call. */
export interface House {
  readonly url: string
  readonly authToken: string
  /** Undefined where the real model answers. */
  readonly model: PracticeModel | undefined
  readonly store: Store
  /** Whether the agent will speak although it is silent: an answer is owed, or a tool runs that does not wait for keys. */
  readonly isBusy: () => boolean
  /** What the log says that is an error. */
  readonly errors: readonly string[]
  /** The server has stopped, and everything is in the store. */
  stop(): Promise<void>
  close(): Promise<void>
}

/** What whoever plays scenes has set for their own server is none of a scene's. */
const NOT_OURS = {
  DATABASE_URL: '',
  PUBLIC_URL: '',
  WEBHOOK_URL: '',
  RESULT_MODEL: '',
  CONSOLE_TOKEN: '',
  LOG_LEVEL: 'error'
}

export async function openHouse(scene: Scene, options: HouseOptions): Promise<House> {
  const { isReal, brain, overrides, settings } = options
  const dataDir = await mkdtemp(join(tmpdir(), 'eval-'))
  const model = isReal ? undefined : await PracticeModel.listen({ ...REALISTIC, ...(brain && { brain }) })
  const authToken = randomBytes(32).toString('base64url')
  const ours = { DATA_DIR: dataDir, TWILIO_AUTH_TOKEN: authToken }
  const config = loadConfig({
    ...environment,
    ...NOT_OURS,
    ...model?.settings,
    ...scene.settings,
    ...settings,
    ...ours
  })
  const store = await openStore(config.server)
  await sow(withoutNow(scene.seed), agentItems(store))
  const errors: string[] = []
  const busy = new Busy()
  const app = await buildApp(config, {
    // It is read when the server has stopped.
    store: { ...store, close: async () => {} },
    now: clockFrom(scene.seed.now),
    logTo: { write: (line) => void errors.push(line.trim()) },
    ...overrides,
    readers: [busy.watch, ...(overrides?.readers ?? [])]
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  return {
    url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`,
    ...{ authToken, model, store, errors, isBusy: () => busy.isBusy },
    stop: () => app.close(),
    async close() {
      await app.close()
      await model?.close()
      await store.close()
      await rm(dataDir, { recursive: true, force: true })
    }
  }
}

/** Between a tool's answer and the model's the agent is busy too. */
const GRACE_MS = 500

/** Follows the calls of a server: whether the agent is about to speak. */
class Busy {
  #call: Call | undefined
  #waitsForKeys = false
  #lastBusyAt = Number.NEGATIVE_INFINITY

  readonly watch = (call: Call): void => {
    this.#call = call
    call.journal.on('digits_asked', () => {
      this.#waitsForKeys = true
    })
    call.journal.on('tool_finished', () => {
      this.#waitsForKeys = false
    })
  }

  get isBusy(): boolean {
    const { isToolRunning, waitingSince } = this.#call?.activity ?? {}
    if ((isToolRunning && !this.#waitsForKeys) || waitingSince !== undefined) this.#lastBusyAt = performance.now()
    return performance.now() - this.#lastBusyAt < GRACE_MS
  }
}

const withoutNow = ({ now: _, ...seed }: Scene['seed']) => seed

/** A clock that goes on from this time. */
function clockFrom(time: string | undefined): () => Date {
  if (time === undefined) return () => new Date()
  const ahead = Date.parse(time) - Date.now()
  return () => new Date(Date.now() + ahead)
}
