import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import { ApiError } from '../model/api-error.ts'
import { checkStrict, type JsonSchema } from './strict-schema.ts'

/** What is served of `POST /v1/responses`. The real API takes more; a parameter that it does not know is refused as there. */
const Request = z.strictObject({
  model: z.string(),
  instructions: z.string(),
  input: z.array(z.strictObject({ role: z.literal('user'), content: z.string() })).min(1),
  text: z.strictObject({
    format: z.strictObject({
      type: z.literal('json_schema'),
      name: z.string().regex(/^[\w-]{1,64}$/),
      strict: z.literal(true),
      schema: z.custom<JsonSchema>((value) => typeof value === 'object' && value !== null)
    })
  }),
  reasoning: z.strictObject({ effort: z.enum(['none', 'low', 'medium', 'high', 'xhigh', 'max']) }).optional(),
  max_output_tokens: z.number().int().min(16),
  store: z.boolean()
})

export type ResponsesRequest = z.infer<typeof Request>

/** @throws ApiError as the API would refuse it */
export function checkRequest({ method, url, headers }: IncomingMessage, body: string): ResponsesRequest {
  if (method !== 'POST' || url !== '/v1/responses') throw new ApiError('unknown_url', `Unknown URL: ${method} ${url}`)
  if (!/^Bearer \S+$/.test(headers.authorization ?? '')) {
    throw new ApiError('invalid_api_key', 'You did not provide an API key.')
  }
  const parsed = Request.safeParse(parse(body))
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0] ?? { path: [], message: '' }
    throw new ApiError('invalid_value', `Invalid value: '${path.join('.')}': ${message}`, { param: path.join('.') })
  }
  checkStrict(parsed.data.text.format.schema)
  return parsed.data
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    throw new ApiError(null, 'We could not parse the JSON body of your request.')
  }
}
