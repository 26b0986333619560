import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import { environment, InvalidEnvironment, loadWebhookSettings } from '../config.ts'
import { loadDotenv } from '../dotenv.ts'
import { newId } from '../store/new-delivery.ts'
import { attempt } from '../webhooks/attempt.ts'
import { verify } from '../webhooks/signature.ts'
import { print, tame } from './print.ts'

const USAGE = `npm run webhook -- listen [--port 8787]   prints the webhooks that come to this machine, and verifies them
npm run webhook -- test                   sends one to WEBHOOK_URL

WEBHOOK_URL and WEBHOOK_SECRET are those of the environment or of .env.`

/** `npm run webhook`: what WEBHOOK_URL would be told, tried on this machine. */
const { values, positionals } = parsed()
const [what] = positionals
if (values.help) print(USAGE)
else if (positionals.length === 1 && what === 'listen') listen(portOf(values.port))
else if (positionals.length === 1 && what === 'test') await sendOne()
else fail(`expected listen or test; --help says more`, 2)

function listen(port: number): void {
  const { secrets } = settings()
  const used = secrets ?? [`whsec_${randomBytes(32).toString('base64')}`]
  const server = createServer(async (request, reply) => {
    const body = await text(request)
    const fault = verify(used, request.headers, body)
    print(`${new Date().toISOString()}  ${request.headers['webhook-id'] ?? 'no webhook-id'}  ${fault ?? 'verified'}`)
    print(tame(body))
    reply.writeHead(fault ? 401 : 204).end()
  })
  server.on('error', (error: NodeJS.ErrnoException) => {
    fail(error.code === 'EADDRINUSE' ? `--port: ${port} is taken by another program` : error.message, 1)
  })
  server.listen(port, '127.0.0.1', () => {
    const { port: taken } = server.address() as { port: number }
    print(`Webhooks are taken at http://127.0.0.1:${taken}/. The server's settings for it:`)
    print(`WEBHOOK_URL=http://127.0.0.1:${taken}/`)
    print(secrets ? 'WEBHOOK_SECRET stays as it is.' : `WEBHOOK_SECRET=${used[0]}`)
  })
}

async function sendOne(): Promise<void> {
  const { url, secrets } = settings()
  if (url === undefined || secrets === undefined) {
    return fail(`${url === undefined ? 'WEBHOOK_URL' : 'WEBHOOK_SECRET'}: set it, here or in .env`, 1)
  }
  const body = JSON.stringify({ type: 'webhook.test', timestamp: new Date().toISOString(), data: {} })
  const began = performance.now()
  const { status, error } = await attempt({ url, secrets }, { id: newId(), body })
  const ms = Math.round(performance.now() - began)
  if (status === undefined) fail(`nobody answered at WEBHOOK_URL after ${ms} ms (${error})`, 1)
  else if (status < 200 || status > 299) fail(`the answer was ${status} after ${ms} ms; expected one of 200 to 299`, 1)
  else print(`delivered: ${status} after ${ms} ms`)
}

function settings() {
  loadDotenv()
  try {
    return loadWebhookSettings(environment)
  } catch (error) {
    if (!(error instanceof InvalidEnvironment)) throw error
    fail(error.message, 1)
    process.exit()
  }
}

function parsed() {
  try {
    const options = { port: { type: 'string', default: '8787' }, help: { type: 'boolean' } } as const
    return parseArgs({ options, allowPositionals: true })
  } catch (error) {
    fail(`${(error as Error).message.split(/\. /)[0]}. --help says more.`, 2)
    process.exit()
  }
}

function portOf(value: string): number {
  if (/^\d{1,5}$/.test(value) && Number(value) < 65_536) return Number(value)
  fail(`--port: expected a port from 0 to 65535, got ${value}`, 2)
  process.exit()
}

function fail(line: string, code: number): void {
  process.stderr.write(`${line}\n`)
  process.exitCode = code
}
