import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { fail } from './errors.ts'

/** eSpeak NG takes some 100 ms for a sentence. */
const SPEECH_LIMIT_MS = 10_000
const Sentence = z.strictObject({ text: z.string().trim().min(1).max(300) })

/**
 * What `npm run practice` gives its server in the variable PRACTICE. The practice model has no ears for words: who speaks
 * a sentence with a voice of this process's neighbour, `url`, also gives the words to the model.
 */
const Practice = z.object({
  /** On this machine, with a secret in its path. */
  url: z.url({ protocol: /^http$/, hostname: /^127\.0\.0\.1$/ }),
  /** The simulator's account: its calls are kept as practice. */
  accountSid: z.string(),
  /** What the page offers to say. */
  sentences: z.array(z.string())
})
export type Practice = z.infer<typeof Practice>

/** @param text JSON; undefined everywhere but behind `npm run practice` */
export function readPractice(text: string | undefined): Practice | undefined {
  return text === undefined || text === '' ? undefined : Practice.parse(JSON.parse(text))
}

/** `POST /api/phone/speech`: a sentence as sound for the caller's line, mu-law at 8 kHz. */
export async function practiceSpeech(app: FastifyInstance, { url }: Practice): Promise<void> {
  app.post('/api/phone/speech', async (request, reply) => {
    const sentence = Sentence.safeParse(request.body)
    if (!sentence.success) return fail(reply, 400, 'invalid', z.prettifyError(sentence.error))
    const spoken = await fetch(url, {
      ...{ method: 'POST', body: sentence.data.text },
      signal: AbortSignal.timeout(SPEECH_LIMIT_MS)
    })
    return reply.type('audio/basic').send(Buffer.from(await spoken.arrayBuffer()))
  })
}
