import type { FastifyInstance } from 'fastify'
import type { Examination, Subject } from './finding.ts'

/** `GET /api/doctor`: what `npm run doctor` finds. Requests at the same time share one examination. */
export async function doctor(app: FastifyInstance, subject: Omit<Subject, 'localUrl'>): Promise<void> {
  let running: Promise<Examination> | undefined
  app.get('/api/doctor', async ({ socket }) => {
    const localUrl = `http://127.0.0.1:${socket.localPort}`
    running ??= examineNow({ ...subject, localUrl }).finally(() => {
      running = undefined
    })
    return running
  })
}

/** The checks are loaded when they are first needed: Twilio's library alone has 20 MB. */
async function examineNow(subject: Subject): Promise<Examination> {
  const [{ examine }, { worstOf }] = await Promise.all([import('./examine.ts'), import('./finding.ts')])
  const findings = await examine(subject)
  return { findings, worst: worstOf(findings) }
}
