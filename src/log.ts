import type { FastifyServerOptions } from 'fastify'

/** Where people are: numbers, words and arguments are only ever logged under these names. */
const REDACTED = ['caller', 'transcript', 'arguments', 'digits', 'from_number']

/** Fastify's pino: readable in a terminal, JSON for machines, people's names and words taken out. */
export function loggerOptions(
  level: string,
  stream: { write(line: string): void } | undefined
): NonNullable<FastifyServerOptions['logger']> {
  const paths = REDACTED.flatMap((name) => [name, `*.${name}`])
  const options = { level, redact: { paths, censor: '[redacted]' } }
  if (stream) return { ...options, stream }
  if (!process.stdout.isTTY) return options
  return { ...options, transport: { target: 'pino-pretty', options: { ignore: 'pid,hostname' } } }
}
