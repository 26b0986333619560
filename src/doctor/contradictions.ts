import { type Check, type Finding, ok, warn } from './finding.ts'

/** Longer than this, an interruption takes too long to count as one. */
const LONG_INTERRUPTION_MS = 1_500

/** Settings that are good each by itself, and not together. */
export const contradictions: Check = async ({ config }) => {
  const { twilio, server, call, console, log } = config
  const found: Finding[] = []
  const say = (code: string, what: string, why: string, mend: string) =>
    found.push(warn('settings', code, what, why, mend))
  if (twilio.authToken === undefined) {
    const mend = 'Put the Auth Token of the Twilio Console’s dashboard into .env as TWILIO_AUTH_TOKEN.'
    say('auth_token', 'TWILIO_AUTH_TOKEN is not set.', 'Twilio is refused: only tools of this machine can ring.', mend)
  }
  if (server.databaseUrl !== undefined && console.token === undefined) {
    const why = 'Each server makes one of its own, and a login is good at one of them only.'
    say('console_token', 'DATABASE_URL is set and CONSOLE_TOKEN is not.', why, 'Set CONSOLE_TOKEN to the same for all.')
  }
  if (call.fallbackNumber !== undefined && call.fallbackNumber === twilio.number) {
    const why = 'A caller whom the agent cannot serve is put through to the agent.'
    say('fallback_number', 'FALLBACK_NUMBER is the agent’s own number.', why, 'Set FALLBACK_NUMBER to a person’s.')
  }
  if (call.minInterruptionMs > LONG_INTERRUPTION_MS) {
    const why = 'A caller who says "stop" is talked over.'
    say('min_interruption', `MIN_INTERRUPTION_MS is ${call.minInterruptionMs}.`, why, 'Set it to 400, or to 0.')
  }
  if (call.silenceTimeoutMs >= call.maxCallMs) {
    const why = 'A silent line is kept until the end, and costs.'
    say('silence_timeout', 'SILENCE_TIMEOUT_MS is not below MAX_CALL_MS.', why, 'Set SILENCE_TIMEOUT_MS to 20000.')
  }
  if (log.transcripts && server.publicUrl !== undefined) {
    const why = 'What callers say stands in the log, where no erasure reaches it.'
    say('log_transcripts', 'LOG_TRANSCRIPTS is on, at a public address.', why, 'Set LOG_TRANSCRIPTS=false.')
  }
  return found.length > 0 ? found : [ok('settings', 'settings', 'The settings are complete and agree.')]
}
