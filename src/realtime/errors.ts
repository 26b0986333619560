import { ModelError } from '../call/model-leg.ts'

/** The close code of a connection that is gone without a goodbye. (RFC 6455, 7.4.1) */
export const DIED = 1006
/** The code of a session that the server gives up itself, because its time will soon be up. */
export const RENEWAL = 'renewal'

/** Close codes and error codes after which trying again cannot help (seen: 3000 and 4000-4004 follow a fatal `error`). */
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

/** The upgrade was answered with something other than 101. */
export function refusedUpgrade(status: number): ModelError {
  return new ModelError(FINAL_STATUSES.has(status) ? 'rejected' : 'refused', status)
}

/** The socket closed. @param lastErrorCode the `error` event that came before, which says more than the close code */
export function closedBy(code: number, lastErrorCode: string | undefined): ModelError {
  if (lastErrorCode !== undefined && FINAL_CODES.has(lastErrorCode)) return new ModelError('rejected', lastErrorCode)
  return new ModelError(code === 3000 ? 'rejected' : 'closed', lastErrorCode ?? code)
}

/** The code and message of an error that a session emitted, whatever it wrapped it in. */
export function describeSessionError(event: unknown): { code: string | undefined; message: string } {
  const wrapped = (event as { error?: unknown } | null)?.error
  const inner = (wrapped as { error?: unknown } | null)?.error ?? wrapped
  const { code, message } = (inner ?? {}) as { code?: unknown; message?: unknown }
  return {
    code: typeof code === 'string' ? code : undefined,
    message: typeof message === 'string' ? message : String(inner)
  }
}

/** For the log: V8 quotes the text that is no JSON in the error's message, and it may be what somebody said. */
export function withoutQuote(error: unknown): unknown {
  return error instanceof SyntaxError ? new SyntaxError('text that is no JSON') : error
}

/** Races that are nobody's fault: the model had already finished what we cancelled or cut. */
export function isBenign({ code, message }: { code: string | undefined; message: string }): boolean {
  return code === 'response_cancel_not_active' || message.includes('already shorter than')
}
