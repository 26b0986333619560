import { ModelError } from '../call/model-leg.ts'

/** The close code of a connection that ended without a close frame. (RFC 6455, 7.4.1) */
export const DIED = 1006
/** The code of a session that this server replaces because its time is nearly up. */
export const RENEWAL = 'renewal'

/** Error codes after which a retry cannot help (seen: close codes 3000 and 4000-4004 follow a fatal `error`). */
const FINAL_CODES = new Set([
  'invalid_api_key',
  'missing_model',
  'invalid_model',
  'model_not_found',
  'insufficient_permissions',
  'insufficient_quota',
  'beta_api_shape_disabled'
])
const FINAL_STATUSES = new Set([400, 401, 403, 404])

/** The error for an upgrade that was answered with a status other than 101. */
export function refusedUpgrade(status: number): ModelError {
  return new ModelError(FINAL_STATUSES.has(status) ? 'rejected' : 'refused', status)
}

/**
 * The error for a closed socket.
 * @param lastErrorCode from the `error` event before, which says more than the close code
 */
export function closedBy(code: number, lastErrorCode: string | undefined): ModelError {
  if (lastErrorCode !== undefined && FINAL_CODES.has(lastErrorCode)) return new ModelError('rejected', lastErrorCode)
  return new ModelError(code === 3000 ? 'rejected' : 'closed', lastErrorCode ?? code)
}

/** The code and message of an error that a session emitted, without its wrappers. */
export function describeSessionError(event: unknown): { code: string | undefined; message: string } {
  const wrapped = (event as { error?: unknown } | null)?.error
  const inner = (wrapped as { error?: unknown } | null)?.error ?? wrapped
  const { code, message } = (inner ?? {}) as { code?: unknown; message?: unknown }
  return {
    code: typeof code === 'string' ? code : undefined,
    message: typeof message === 'string' ? message : String(inner)
  }
}

/** For the log: V8 quotes the invalid JSON in the error's message, and it may hold a caller's words. */
export function withoutQuote(error: unknown): unknown {
  return error instanceof SyntaxError ? new SyntaxError('text that is no JSON') : error
}

/** Errors from harmless races: the model had already finished what this server cancelled or truncated. */
export function isBenign({ code, message }: { code: string | undefined; message: string }): boolean {
  return code === 'response_cancel_not_active' || message.includes('already shorter than')
}
