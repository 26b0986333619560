import type OpenAI from 'openai'
import type { z } from 'zod'
import { Environment, environment } from '../../src/config.ts'
import { usd } from '../../src/records/prices.ts'
import { PracticeAnalyst } from '../analyst/practice-analyst.ts'
import type { ResponsesRequest } from '../analyst/request.ts'

/** A question to a text model, and the shape of its answer. */
export interface Question<Answer> {
  /** Of the answer: letters, digits and _ . */
  readonly name: string
  readonly instructions: string
  /** Given as JSON. What callers and agents said is data in it, whatever it says. */
  readonly data: object
  readonly answer: z.ZodType<Answer>
}

const LIMIT_MS = 60_000
const MOST_OUTPUT_TOKENS = 2_000

interface Settings {
  readonly apiKey: string
  readonly baseURL: string
}

/** The text model that judges and plays personas. */
export class TextModel {
  /** What its answers have cost, in USD. */
  spentUsd = 0
  readonly #model: string
  readonly #settings: Settings
  readonly #close: () => Promise<void>
  #client: Promise<OpenAI> | undefined

  private constructor(model: string, settings: Settings, close: () => Promise<void>) {
    this.#model = model
    this.#settings = settings
    this.#close = close
  }

  /** EVAL_MODEL, paid for. */
  static real(): TextModel {
    const { EVAL_MODEL, OPENAI_BASE_URL, OPENAI_API_KEY } = Environment.shape
    const of = <T>(type: z.ZodType<T>, name: string): T => type.parse(environment[name] || undefined)
    const settings = { apiKey: of(OPENAI_API_KEY, 'OPENAI_API_KEY'), baseURL: of(OPENAI_BASE_URL, 'OPENAI_BASE_URL') }
    return new TextModel(of(EVAL_MODEL, 'EVAL_MODEL'), settings, async () => {})
  }

  /** The same API on this machine, as strict and free. @param answers what is answered, by the question's name */
  static async practice(answers: Readonly<Record<string, (data: never) => object>>): Promise<TextModel> {
    const answer = ({ text, input }: ResponsesRequest) =>
      JSON.stringify(answers[text.format.name]?.(JSON.parse(input[0]?.content ?? '') as never))
    const analyst = await PracticeAnalyst.listen({ answer })
    return new TextModel('practice', { apiKey: 'sk-practice', baseURL: analyst.url }, () => analyst.close())
  }

  /** @throws Error when there is no answer, or one of another shape */
  async ask<Answer>({ name, instructions, data, answer }: Question<Answer>): Promise<Answer> {
    const [client, { zodTextFormat }] = await Promise.all([this.#open(), import('openai/helpers/zod')])
    const response = await client.responses.create({
      model: this.#model,
      instructions,
      input: [{ role: 'user', content: JSON.stringify(data) }],
      text: { format: zodTextFormat(answer as z.ZodObject, name) },
      // Models without reasoning refuse the parameter.
      ...(/^(gpt-[5-9]|o\d)/.test(this.#model) ? { reasoning: { effort: 'low' as const } } : {}),
      max_output_tokens: MOST_OUTPUT_TOKENS,
      store: false
    })
    this.#count(response)
    if (response.status !== 'completed')
      throw new Error(`${this.#model} did not finish its answer (${response.status})`)
    return answer.parse(JSON.parse(response.output_text))
  }

  close(): Promise<void> {
    return this.#close()
  }

  /** Most evaluations ask nothing: only a question loads the client. */
  #open(): Promise<OpenAI> {
    this.#client ??= import('openai').then(
      ({ default: Client }) => new Client({ ...this.#settings, timeout: LIMIT_MS })
    )
    return this.#client
  }

  #count({ model, usage }: OpenAI.Responses.Response): void {
    if (!usage) return
    const { input_tokens: textIn, output_tokens: textOut, input_tokens_details: details } = usage
    const counts = { textIn, textOut, cachedText: details?.cached_tokens ?? 0 }
    this.spentUsd += usd({ model, ...counts, audioIn: 0, cachedAudio: 0, audioOut: 0, seconds: 0 }) ?? 0
  }
}
