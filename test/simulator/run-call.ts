import { execFile } from 'node:child_process'
import { scriptSettings } from './script-process.ts'

/** `npm run call`. */
export function runCall(args: string[], env: Record<string, string> = {}) {
  return new Promise<{ code: unknown; out: string; complaints: string }>((resolve) => {
    execFile(
      process.execPath,
      ['simulator/main.ts', ...args],
      { env: { ...scriptSettings, ...env } },
      (error, out, complaints) => resolve({ code: error?.code ?? 0, out, complaints })
    )
  })
}
