import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import { BadRequest } from '../records/caller-number.ts'
import type { ErrorAnswer } from './schemas.ts'

/** What was asked for cannot be done; the answer has the status, the code and the sentence. */
export class ApiError extends Error {
  override name = 'ApiError' as const
  readonly statusCode: number
  readonly code: string

  constructor(statusCode: number, code: string, message: string) {
    super(message)
    this.statusCode = statusCode
    this.code = code
  }
}

export function notFound(what: string): ApiError {
  return new ApiError(404, 'not_found', `${what} is not in the store: it was erased, has grown too old or never was`)
}

/** An answer in the API's one shape of errors. */
export function fail(reply: FastifyReply, status: number, code: string, message: string): FastifyReply {
  const answer: z.infer<typeof ErrorAnswer> = { error: { code, message } }
  return reply.code(status).type('application/json; charset=utf-8').send(JSON.stringify(answer))
}

/** The most characters of a value that an answer quotes. */
const MOST_QUOTED = 60

/** Answers every error in the API's one shape. */
export function tellError(error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error instanceof ApiError) return fail(reply, error.statusCode, error.code, error.message)
  if (error instanceof BadRequest) return fail(reply, 400, 'bad_request', error.message)
  if ('validation' in error && error.validation) return fail(reply, 400, 'bad_request', complaint(error, request))
  const { statusCode = 500 } = error as FastifyError
  if (statusCode < 500) return fail(reply, statusCode, 'bad_request', error.message)
  request.log.error({ err: error }, 'a request failed')
  return fail(reply, 500, 'failed', 'the request failed; the log says why')
}

/** `limit: expected a whole number from 1 to 200; got "many"`, for each value that does not fit. */
function complaint({ validation = [], validationContext }: FastifyError, request: FastifyRequest): string {
  const given = { querystring: request.query, params: request.params, body: request.body, headers: undefined }
  const values = given[validationContext ?? 'headers'] as Record<string, unknown> | undefined
  return validation
    .map(({ instancePath, message = 'is wrong' }) => {
      const name = instancePath.slice(1)
      const value = JSON.stringify(values?.[name])
      return name === '' ? message : `${name}: ${message}${value === undefined ? '' : `; got ${quoted(value)}`}`
    })
    .join('\n')
}

function quoted(value: string): string {
  return value.length > MOST_QUOTED ? `${value.slice(0, MOST_QUOTED).toWellFormed()}…` : value
}
