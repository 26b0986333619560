import type OpenAI from 'openai'
import type { Response } from 'openai/resources/responses/responses'
import { type ZodObject, z } from 'zod'
import * as cues from '../agent/cues.ts'
import type { Config } from '../config.ts'
import type { WholeCall } from '../records/read.ts'
import type { UsageRow } from '../store/tables.ts'
import { recordOf, turnsOf } from './call-as-data.ts'

const LIMIT_MS = 30_000
const MOST_OUTPUT_TOKENS = 2_000

/** Each field of the schema with the turns that show it. */
export type Result = Readonly<Record<string, { readonly value: unknown; readonly turns: readonly string[] }>>

/** What came of one request. */
export interface Analysis {
  /** Undefined when there is none. */
  readonly result: Result | undefined
  /** What was billed, where something was. */
  readonly usage: Pick<UsageRow, 'responseId' | 'model' | 'textIn' | 'cachedText' | 'textOut'> | undefined
  /** Another request would get the same answer. */
  readonly isFinal: boolean
  readonly status: number | undefined
  readonly code: string | undefined
}

/** Has a text model read the record of a call and fill in a schema. */
export class Analyst {
  readonly #model: NonNullable<Config['result']>
  readonly #schema: ZodObject
  #client: Promise<OpenAI> | undefined

  constructor(model: NonNullable<Config['result']>, schema: ZodObject) {
    this.#model = model
    this.#schema = withTurns(schema)
  }

  /** One request. Never rejects. */
  async analyse(call: WholeCall, signal: AbortSignal): Promise<Analysis> {
    try {
      const response = await this.#ask(recordOf(call), AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]))
      const usage = usageOf(response)
      const answer = this.#read(response)
      if (answer) return { ...FAILED, result: shown(answer, turnsOf(call)), usage }
      return { ...FAILED, usage, code: response.incomplete_details?.reason ?? 'no_result' }
    } catch (error) {
      const { status, code, name } = error as Error & { status?: number; code?: string }
      const isFinal = status !== undefined && status >= 400 && status < 500 && ![408, 409, 429].includes(status)
      return { ...FAILED, isFinal, status, code: code ?? name }
    }
  }

  async #ask(record: string, signal: AbortSignal): Promise<Response> {
    // Only a server that has results loads the client.
    const [client, { zodTextFormat }] = await Promise.all([this.#open(), import('openai/helpers/zod')])
    const { model } = this.#model
    return client.responses.create(
      {
        model,
        instructions: cues.analyseCall,
        input: [{ role: 'user', content: record }],
        text: { format: zodTextFormat(this.#schema, 'call_result') },
        // Models without reasoning refuse the parameter.
        ...(/^(gpt-[5-9]|o\d)/.test(model) ? { reasoning: { effort: 'low' as const } } : {}),
        max_output_tokens: MOST_OUTPUT_TOKENS,
        store: false
      },
      { signal }
    )
  }

  #open(): Promise<OpenAI> {
    const { apiKey, url } = this.#model
    this.#client ??= import('openai').then(
      ({ default: Client }) => new Client({ apiKey, baseURL: url, maxRetries: 0, timeout: LIMIT_MS })
    )
    return this.#client
  }

  #read({ status, output_text }: Response): Result | undefined {
    if (status !== 'completed') return undefined
    try {
      return this.#schema.parse(JSON.parse(output_text)) as Result
    } catch {
      return undefined
    }
  }
}

const FAILED: Analysis = { result: undefined, usage: undefined, isFinal: false, status: undefined, code: undefined }

/** Strict schemas have no optional fields: what is not known is null. */
function withTurns({ shape }: ZodObject): ZodObject {
  const turns = z.array(z.string()).describe(cues.resultTurns)
  const fields = Object.entries(shape).map(([name, field]) => {
    const value = (field as z.ZodType).nullable()
    return [name, z.object({ value, turns })] as const
  })
  return z.object(Object.fromEntries(fields))
}

/** A value that no turn shows is made up. */
function shown(answer: Result, known: ReadonlySet<string>): Result {
  const fields = Object.entries(answer).map(([name, { value, turns }]) => {
    const found = [...new Set(turns.filter((turn) => known.has(turn)))]
    return [name, found.length === 0 ? { value: null, turns: [] } : { value, turns: found }] as const
  })
  return Object.fromEntries(fields)
}

function usageOf({ id, model, usage }: Response): Analysis['usage'] {
  if (!usage) return undefined
  const { input_tokens, output_tokens, input_tokens_details } = usage
  const cachedText = input_tokens_details?.cached_tokens ?? 0
  return { responseId: id, model, textIn: input_tokens, cachedText, textOut: output_tokens }
}
