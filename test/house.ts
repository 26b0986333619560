import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { buildApp, type Dependencies } from '../src/app.ts'
import { loadConfig } from '../src/config.ts'
import type { CallRecord } from '../src/records/record.ts'
import { Inbox } from '../src/simulator/inbox.ts'
import { PracticeModel, type PracticeModelOptions } from '../src/simulator/model/practice-model.ts'
import { PhoneCall, type RingOptions } from '../src/simulator/telephone/telephone.ts'

export interface LogLine {
  readonly level: number
  readonly msg: string
  readonly [field: string]: unknown
}

export interface HouseOptions {
  readonly env?: Record<string, string>
  readonly model?: PracticeModelOptions
  readonly overrides?: Partial<Dependencies>
}

/**
 * The server on a free port between a practice model and as many telephones as a test rings. Everything is closed when
 * the test finishes, and whatever one of the two parties would have refused fails it.
 */
export async function startHouse({ env, model: modelOptions, overrides }: HouseOptions = {}) {
  const model = await PracticeModel.listen(modelOptions)
  const records = new Inbox<CallRecord>('records')
  const log = new Inbox<LogLine>('log', (line) => `${line.level} ${line.msg}`)
  const config = loadConfig({
    OPENAI_API_KEY: 'sk-practice',
    OPENAI_REALTIME_URL: model.url,
    LOG_LEVEL: 'debug',
    GREETING: '',
    ANSWER_SAY: '',
    ...env
  })
  const app = await buildApp(config, {
    saveRecord: async (record) => records.push(record),
    logTo: { write: (line) => log.push(JSON.parse(line)) },
    ...overrides
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
  const calls: PhoneCall[] = []

  onTestFinished(async () => {
    for (const call of calls) call.hangUp()
    await app.close()
    await model.close()
  })

  return {
    app,
    url,
    model,
    records,
    log,
    config,
    /** Rings the number. */
    async ring(options: Partial<RingOptions> = {}) {
      const call = await PhoneCall.ring({ url, ...options })
      calls.push(call)
      return call
    },
    /** Dials the stream without a webhook. */
    async stream(options: Partial<Parameters<typeof PhoneCall.openStream>[0]> = {}) {
      const call = await PhoneCall.openStream({ url, ...options })
      calls.push(call)
      return call
    }
  }
}

export type House = Awaited<ReturnType<typeof startHouse>>
