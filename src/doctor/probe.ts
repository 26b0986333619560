import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js'
import { WebSocket } from 'ws'
import { PROBE_FIELD, PROBE_HEADER, PROCESS_PARAMETER, probeToken } from '../twilio/probe.ts'

const LIMIT_MS = 3_000
/** As many frames as a second of a call has. */
const FRAMES = 50
const FRAME_MS = 20
/** A frame of the size that Twilio's have. */
const FRAME = JSON.stringify({ event: 'media', media: { payload: 'f'.repeat(216) } })

/** What an address answers to a webhook that is signed as Twilio signs. */
export interface ProbeAnswer {
  readonly status: number
  /** The process that answered; undefined where that is not this software. */
  readonly process: string | undefined
  readonly streamUrl: string | undefined
}

/**
 * Rings an address as Twilio would, but for the signed field that tells the server that there is no call.
 * @param origin what is dialled @param signedOrigin what Twilio knows it by
 * @throws TypeError with its cause where nobody answers
 */
export async function probeWebhook(origin: string, authToken: string, signedOrigin = origin): Promise<ProbeAnswer> {
  const params = { CallSid: `CA${'0'.repeat(32)}`, [PROBE_FIELD]: probeToken(authToken) }
  const signature = getExpectedTwilioSignature(authToken, `${signedOrigin}/incoming-call`, params)
  const { host, protocol } = new URL(signedOrigin)
  const forwarded = { 'x-forwarded-host': host, 'x-forwarded-proto': protocol.slice(0, -1) }
  const answer = await fetch(`${origin}/incoming-call`, {
    method: 'POST',
    body: new URLSearchParams(params),
    headers: { 'x-twilio-signature': signature, ...(origin === signedOrigin ? {} : forwarded) },
    redirect: 'manual',
    signal: AbortSignal.timeout(LIMIT_MS)
  })
  const twiml = await answer.text()
  const [, streamUrl] = /<Stream url="([^"]+)"/.exec(twiml) ?? []
  const [, process] = new RegExp(`name="${PROCESS_PARAMETER}" value="([^"]+)"`).exec(twiml) ?? []
  return { status: answer.status, process, streamUrl }
}

/** How a stream was carried. Times are in ms. */
export interface EchoResult {
  readonly frames: number
  readonly p50Ms: number
  readonly maxMs: number
}

/**
 * Opens the stream as Twilio would, and sends a second of frames that come back.
 * @throws Error that says why it did not open or where it ended
 */
export function probeStream(streamUrl: string, authToken: string): Promise<EchoResult> {
  const signature = getExpectedTwilioSignature(authToken, streamUrl, {})
  const socket = new WebSocket(streamUrl, {
    headers: { 'x-twilio-signature': signature, [PROBE_HEADER]: probeToken(authToken) },
    handshakeTimeout: LIMIT_MS
  })
  return new Promise<EchoResult>((resolve, reject) => {
    const sentAt: number[] = []
    const tookMs: number[] = []
    const sender = () => {
      sentAt.push(performance.now())
      socket.send(FRAME)
    }
    let timer: NodeJS.Timeout | undefined
    socket.once('open', () => {
      timer = setInterval(() => (sentAt.length < FRAMES ? sender() : clearInterval(timer)), FRAME_MS)
    })
    socket.on('message', () => {
      tookMs.push(performance.now() - (sentAt[tookMs.length] ?? 0))
      if (tookMs.length === FRAMES) resolve(resultOf(tookMs))
    })
    socket.once('unexpected-response', (_request, { statusCode }) =>
      reject(new Error(`the upgrade was answered ${statusCode}`))
    )
    socket.once('error', reject)
    socket.once('close', () => reject(new Error(`the stream ended after ${tookMs.length} of ${FRAMES} frames`)))
    setTimeout(() => reject(new Error(`only ${tookMs.length} of ${FRAMES} frames came back in time`)), LIMIT_MS).unref()
    socket.once('close', () => clearInterval(timer))
  }).finally(() => socket.terminate())
}

function resultOf(tookMs: readonly number[]): EchoResult {
  const sorted = tookMs.toSorted((one, other) => one - other)
  return { frames: sorted.length, p50Ms: sorted[sorted.length >> 1] ?? 0, maxMs: sorted.at(-1) ?? 0 }
}
