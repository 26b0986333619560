import type { FastifyServerOptions } from 'fastify'

/**
 * Where people are: numbers, words and arguments are only ever logged under these names. None of them is `caller`, which
 * pino-pretty takes for the place in the code.
 */
const REDACTED = ['callerNumber', 'transcript', 'arguments', 'digits', 'from_number']

/** Options for Fastify's pino: readable in a terminal, JSON for machines, with the fields above redacted. */
export function loggerOptions(
  level: string,
  stream: { write(line: string): void } | undefined
): NonNullable<FastifyServerOptions['logger']> {
  const paths = REDACTED.flatMap((name) => [name, `*.${name}`])
  const options = { level, redact: { paths, censor: '[redacted]' } }
  if (stream) return { ...options, stream }
  if (!process.stdout.isTTY) return options
  return { ...options, transport: { target: 'pino-pretty', options: { ignore: 'pid,hostname', singleLine: true } } }
}
