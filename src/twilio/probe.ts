import { createHmac, hkdfSync, randomUUID, timingSafeEqual } from 'node:crypto'
import type { WebSocket } from 'ws'

/** The form's field of a webhook, and the header of an upgrade, that the doctor sends in place of a call. */
export const PROBE_FIELD = 'DoctorProbe'
export const PROBE_HEADER = 'x-doctor-probe'
/** The `<Parameter>` of the answer that says which process answered. */
export const PROCESS_PARAMETER = 'process'
/** A new one for each process. */
export const thisProcess = randomUUID()

const LIFE_MS = 60_000
/** A stream of the doctor's ends after this time. */
const ECHO_MS = 5_000

/** A token that tells a probe from a call. @param authToken what Twilio signs with */
export function probeToken(authToken: string, now = Date.now()): string {
  const expiresAt = `${now + LIFE_MS}`
  return `${expiresAt}.${signatureOf(expiresAt, authToken).toString('base64url')}`
}

/** Whether the doctor sent it, within the last minute. No caller can: Twilio passes on no fields and headers of theirs. */
export function isProbe(given: unknown, authToken: string, now = Date.now()): boolean {
  if (typeof given !== 'string') return false
  const [expiresAt = '', signature = ''] = given.split('.')
  const [expected, actual] = [signatureOf(expiresAt, authToken), Buffer.from(signature, 'base64url')]
  return expected.length === actual.length && timingSafeEqual(expected, actual) && Number(expiresAt) > now
}

/** Sends every frame back, and ends after five seconds. Nothing else of the server knows this stream. */
export function echo(socket: WebSocket): void {
  const timer = setTimeout(() => socket.terminate(), ECHO_MS).unref()
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
  socket.on('error', () => {})
  socket.on('close', () => clearTimeout(timer))
}

function signatureOf(expiresAt: string, authToken: string): Buffer {
  const key = Buffer.from(hkdfSync('sha256', authToken, '', 'doctor probe', 32))
  return createHmac('sha256', key).update(expiresAt).digest()
}
