import { execFile } from 'node:child_process'
import { environment } from '../../src/config.ts'

/** `npm run call`, whatever the machine's own .env says. */
export function runCall(args: string[], env: Record<string, string> = {}) {
  const settings = { OPENAI_API_KEY: '', TWILIO_AUTH_TOKEN: '', PUBLIC_URL: '', GREETING: 'Say "Hello."', ...env }
  return new Promise<{ code: unknown; out: string; complaints: string }>((resolve) => {
    execFile(
      process.execPath,
      ['simulator/main.ts', ...args],
      { env: { ...environment, ...settings } },
      (error, out, complaints) => resolve({ code: error?.code ?? 0, out, complaints })
    )
  })
}
