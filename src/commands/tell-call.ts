import type { Call, Event, WholeCall } from '../records/read.ts'
import { print, printEvent, printFact, printHeading, seconds, tame, type Who } from './print.ts'

type Turn = WholeCall['turns'][number]

/** Something that happened on a call, as one line of its story. */
interface Line {
  readonly atMs: number
  readonly who: Who
  readonly what: string
  readonly note?: string | undefined
}

/** Tells a call as `npm run call` tells it while it goes on. */
export function tellCall({ call, turns, events }: WholeCall): void {
  const lines = [...turns.map(turnLine), ...events.map(eventLine)]
  printHeading()
  for (const { atMs, who, what, note } of lines.sort((one, other) => one.atMs - other.atMs)) {
    printEvent(atMs, who, tame(what), note)
  }
  print('')
  const { callSid, responseMs, firstAudioMs, endReason, fault, recording } = call
  printFact('Call', `${callSid ?? call.id}, ${call.direction}, ${new Date(call.startedAt).toLocaleString('sv')}`)
  printFact('Who', `${who(call)}, with ${call.agent ?? 'no agent'}`)
  printFact('How long', endReason === null ? 'it goes on' : `${lasted(call)}; ${endReason}, by ${fault}`)
  printFact('First word', firstAudioMs === null ? 'none' : `${seconds(firstAudioMs)} after the stream began`)
  printFact('Answers', answers(responseMs))
  printFact('Barge-ins', `${call.bargeIns}`)
  printFact('Tools', `${call.tools}`)
  printFact('Cost', `${dollars(call.costUsd)}, and ${dollars(call.cost.telephonyEstimate)} for the line, roughly`)
  printFact('Recording', recording)
}

/** The other side's number. */
export function who({ direction, from, to }: Call): string {
  return (direction === 'inbound' ? from : to) ?? 'withheld'
}

/** `1:03` */
export function lasted({ durationMs }: Call): string {
  if (durationMs === null) return ''
  const whole = Math.round(durationMs / 1_000)
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}

/** Calls cost cents. */
export function dollars(usd: number): string {
  return `$${usd.toFixed(3)}`
}

function answers({ n, p50, p90, max }: Call['responseMs']): string {
  if (p50 === null || p90 === null || max === null) return 'none that can be measured'
  return `${n}, median ${seconds(p50)}, nine of ten within ${seconds(p90)}, the slowest ${seconds(max)}`
}

function turnLine({ who, text, textState, startMs, cut, sentMs, heardMs, tool, stations }: Turn): Line {
  const { voiceEnd, heard, sent, firstAudio, firstToken, answerStarted } = stations
  const atMs = startMs ?? sent ?? firstAudio ?? firstToken ?? answerStarted ?? 0
  const notes: string[] = []
  if (voiceEnd !== null && heard !== null)
    notes.push(`after ${seconds(heard - voiceEnd)}${tool ? ', with a tool' : ''}`)
  if (cut) notes.push(`cut, ${seconds(heardMs ?? 0)} of ${seconds(sentMs ?? 0)} were heard`)
  const said = text || (textState === 'never' ? 'says something; its words never came' : 'is not heard')
  return { atMs, who, what: said, note: notes.join('; ') || undefined }
}

/** What is not told of an event has been deleted after its days. */
function eventLine({ seq: _seq, stream: _stream, atMs, type, ...data }: Event): Line {
  const line = (who: Who, what: string, note?: string): Line => ({ atMs, who, what, note })
  const of = (name: string, otherwise = '') => (data[name] === undefined ? otherwise : String(data[name]))
  switch (type) {
    case 'accepted':
      return line('twilio', data['isReturning'] ? 'the stream is open, the caller is back' : 'the stream is open')
    case 'live':
      return line('server', 'the model is there')
    case 'model_lost':
      return line(
        'server',
        data['isRenewal'] ? 'renews the session' : `the model is lost: ${of('trouble')}`,
        of('code')
      )
    case 'model_back':
      return line('server', 'the model is back')
    case 'model_failed':
      return line('server', `the model could not be had: ${of('trouble')}`, of('code'))
    case 'tool_started':
      return line('agent', `calls the tool ${of('name', 'whose name is deleted')} ${of('arguments')}`)
    case 'tool_finished':
      return line('server', toolAnswer(data, of))
    case 'handoff':
      return line('agent', `hands off to ${of('to')}`)
    case 'guardrail':
      return line('server', `the guardrail ${of('name')} stops ${of('agent')}`)
    case 'barge_in':
      return line('twilio', 'clear', `both spoke for ${seconds(Number(of('talkOverMs', '0')))}`)
    case 'key':
      return line('caller', 'presses a key')
    case 'end_asked':
      return line('agent', 'hangs up')
    case 'transfer_asked':
      return line('agent', `puts the caller through to ${of('target', 'a person')}: ${of('summary')}`)
    case 'notice':
      return line('server', of('what'))
    case 'answer_finished':
      return line('server', `an answer is ${of('status')}`, of('reason', of('code')))
    case 'message_taken':
      return line('server', `a message is taken from ${of('from', 'the caller')}: ${of('text')}`)
    case 'ended':
      return line('server', `the call ends: ${of('reason')}`)
    default:
      return line('server', [type, ...Object.values(data).filter((value) => typeof value === 'string')].join(', '))
  }
}

function toolAnswer(data: Readonly<Record<string, unknown>>, of: (name: string, otherwise?: string) => string): string {
  const tool = of('name', 'a tool')
  const failed = data['failed'] as { error?: string } | undefined
  if (failed) return `${tool} fails: ${failed.error}`
  return data['result'] === undefined ? `${tool} has answered` : `${tool} answers: ${of('result')}`
}
