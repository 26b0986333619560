import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { audit } from '../records/erase.ts'
import { type Peaks as PeaksOfCall, peaksOf } from '../records/peaks.ts'
import { findCall } from '../records/read.ts'
import { readRecording } from '../records/read-recording.ts'
import type { Store } from '../store/open.ts'
import { ApiError, notFound } from './errors.ts'
import type { ApiOptions } from './options.ts'
import { Playbacks } from './playbacks.ts'
import { type Range, rangeOf } from './range.ts'
import { CallPath, NoQuery, Peaks, PeaksQuery } from './schemas.ts'

/** Waveforms that are kept for the next request: some hundred kB each. */
const MOST_WAVEFORMS = 8

/** The sound of a call as a WAV file, also of a call that goes on, and what its waveform is drawn with. */
export const recordings: FastifyPluginAsyncZod<ApiOptions> = async (app, { store }) => {
  const playbacks = new Playbacks()
  const waveforms = new Map<string, PeaksOfCall>()

  app.get(
    '/calls/:callSid/recording',
    { schema: { summary: 'The recording as WAV: caller left, agent right', params: CallPath, querystring: NoQuery } },
    async (request, reply) => {
      const { id, recording } = await recordingOf(store, request.params.callSid)
      const { bytes } = recording
      const etag = `"${id}-${bytes}"`
      const { range: asked, 'if-range': ifRange } = request.headers
      // A recording that grows is another one with each second, of which a player has not the first part.
      const range = ifRange === undefined || ifRange === etag ? rangeOf(asked, bytes) : undefined
      reply.header('accept-ranges', 'bytes').header('etag', etag)
      if (range === 'unsatisfiable') {
        reply.header('content-range', `bytes */${bytes}`)
        throw new ApiError(416, 'range_not_satisfiable', `the recording has ${bytes} bytes`)
      }
      if (request.method !== 'HEAD' && playbacks.isNew(`${id} ${request.ip}`, range)) {
        await audit(store, store.db, 'playback', 1, request.ip)
      }
      const { start, end }: Range = range ?? { start: 0, end: bytes - 1 }
      if (range) reply.code(206).header('content-range', `bytes ${start}-${end}/${bytes}`)
      reply.type('audio/wav').header('content-length', end + 1 - start)
      return reply.send(recording.stream(start, end))
    }
  )

  app.get(
    '/calls/:callSid/peaks',
    {
      schema: {
        summary: 'The loudest sample of each part of the recording',
        ...{ params: CallPath, querystring: PeaksQuery, response: { 200: Peaks } }
      }
    },
    async ({ params: { callSid }, query: { perSecond } }) => {
      const { id, recording } = await recordingOf(store, callSid)
      const key = `${id} ${recording.bytes} ${perSecond}`
      const peaks = waveforms.get(key) ?? (await peaksOf(recording.stream(), recording.bytes, perSecond))
      waveforms.delete(key)
      waveforms.set(key, peaks)
      const [oldest = key] = waveforms.keys()
      if (waveforms.size > MOST_WAVEFORMS) waveforms.delete(oldest)
      return peaks
    }
  )
}

/** @throws ApiError for a call of which no sound is kept */
async function recordingOf(store: Store, callSid: string) {
  const call = await findCall(store, callSid)
  if (!call) throw notFound('this call')
  const recording = await readRecording(store, call.id)
  if (!recording) throw notFound('a recording of this call')
  return { id: call.id, recording }
}
