import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { scriptSettings } from './script-process.ts'

/** `npm run call`, in a folder of its own: `data` and `call.wav` that it leaves there are gone afterwards. */
export async function runCall(args: string[], env: Record<string, string> = {}) {
  const cwd = await mkdtemp(join(tmpdir(), 'call-'))
  try {
    return await new Promise<{ code: unknown; out: string; complaints: string }>((done) => {
      execFile(
        process.execPath,
        [resolve('simulator/main.ts'), ...args],
        { cwd, env: { ...scriptSettings, ...env } },
        (error, out, complaints) => done({ code: error?.code ?? 0, out, complaints })
      )
    })
  } finally {
    await rm(cwd, { recursive: true, maxRetries: 10 })
  }
}
