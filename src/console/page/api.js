/** What the API refused, in its own words. */
export class Refused extends Error {
  /** @param {number} status @param {string} message */
  constructor(status, message) {
    super(message)
    this.status = status
  }
}

/**
 * Asks the API. Without a session the login comes first.
 * @param {string} path @param {{ method?: string, body?: unknown, signal?: AbortSignal }} [options]
 * @returns {Promise<any>} undefined for an answer without a body
 */
export async function ask(path, { method = 'GET', body, signal } = {}) {
  /** @type {RequestInit} */
  const request = { method, signal: signal ?? null }
  if (body !== undefined) {
    request.headers = { 'content-type': 'application/json' }
    request.body = JSON.stringify(body)
  }
  const reply = await fetch(path, request)
  if (reply.status === 401)
    location.assign(`/console/login?to=${encodeURIComponent(location.pathname + location.search)}`)
  const text = await reply.text()
  const answer = text === '' ? undefined : parsed(text)
  if (!reply.ok) throw new Refused(reply.status, answer?.error?.message ?? `the server answered ${reply.status}`)
  return answer
}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The parameters that have a value, as a query. @param {Readonly<Record<string, string | undefined>>} parameters */
export function query(parameters) {
  const given = Object.entries(parameters).flatMap(([name, value]) => (value ? [[name, value]] : []))
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`
}

/** @param {string} id */
export const callUrl = (id) => `/api/calls/${encodeURIComponent(id)}`
