import type { FastifyServerOptions } from 'fastify'

/** The fields for people's numbers, words and arguments. These are logged under no other name. */
const REDACTED = ['caller', 'transcript', 'arguments', 'digits', 'from_number']

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
