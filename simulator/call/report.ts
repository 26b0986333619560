import { print, seconds } from '../../src/commands/print.ts'
import type { CallOutcome, PhoneCall } from '../telephone/telephone.ts'
import type { AgentVoice, Utterance } from './agent-voice.ts'
import type { CallerReport } from './perform.ts'
import type { Thoughts } from './practice.ts'
import { quote, type Timeline } from './timeline.ts'

export interface BargeIn {
  /** The time from the caller's first sound to the agent's last. */
  readonly stoppedAfterMs: number
  readonly heardMs: number
  readonly clearedMs: number
}

/** Reports events to the timeline, and keeps the figures for the summary. */
export class Report implements CallerReport {
  readonly timeline: Timeline
  /**
   * The time from the stream's `start` to the agent's first sound, in ms; undefined when the caller spoke first, or
   * neither side spoke.
   */
  firstWordMs: number | undefined
  /** The times from the caller's last sound to the agent's answer, in ms. */
  readonly delaysMs: number[] = []
  readonly bargeIns: BargeIn[] = []
  readonly tools: string[] = []
  readonly handoffs: string[] = []
  /** The agent has spoken, not only the server's tone or Twilio's voice. */
  isAgentHeard = false
  /** True once either side has spoken. */
  #isOpened = false
  /** The words of answers are known: what has none is the rest of an answer that was held up. */
  #knowsWords = false
  /** The caller hears the server's tone, and was told so. */
  #isWaiting = false
  #streamingSince: number | undefined
  #callerBeganAt: number | undefined
  /** When the caller stopped speaking; undefined once the agent has answered. */
  #callerEndedAt: number | undefined

  constructor(timeline: Timeline) {
    this.timeline = timeline
  }

  readonly thoughts: Thoughts = {
    tool: (name, args) => {
      this.tools.push(name)
      this.timeline.tell('agent', `calls the tool ${name} ${args}`)
    },
    toolAnswer: (name, output) => this.timeline.tell('server', `${name} answers: ${output}`),
    handoff: (agent) => {
      this.handoffs.push(agent)
      this.timeline.tell('agent', `hands off to ${agent}`)
    }
  }

  toolFailed(tool: string, whole: string): void {
    const [first = '', ...rest] = whole.split('\n')
    this.timeline.tell('server', `${tool} fails: ${first}`)
    if (rest.length > 0) print(quote(rest.join('\n')))
  }

  /** Starts the timeline and follows the call. Call it when the call is answered. */
  watchCall(call: PhoneCall): void {
    this.timeline.answered()
    call.webhooks.follow(({ url, method, status, twiml }) => {
      const verbs = [...twiml.matchAll(/<([A-Z]\w+)/g)]
        .map(([, name]) => name)
        .filter((name) => !/Response|Parameter/.test(`${name}`))
      const path = new URL(url).pathname
      this.timeline.tell(
        'twilio',
        `${method} ${path} is answered ${status}: ${verbs.map((verb) => `<${verb}>`).join(' ')}`
      )
    })
    call.said.follow((text) => this.timeline.tell('twilio', `<Say> ${text}`))
    call.streaming.then(
      () => {
        this.#streamingSince = performance.now()
        this.timeline.tell('twilio', 'the stream is open')
      },
      () => {}
    )
  }

  watchVoice(voice: AgentVoice): void {
    voice.on('speaks', (words) => this.#agentSpeaks(words))
    voice.on('goesOn', (words) => this.timeline.tell('agent', words))
    voice.on('silent', (utterance) => this.#agentSilent(utterance))
    voice.on('tone', () => this.#waits())
  }

  callerSpeaks(told: string, isOver: boolean): void {
    this.#isOpened = true
    this.timeline.tell('caller', told, isOver ? 'over the agent' : undefined)
  }

  /** Called at the first sound of each utterance, of which a recording may have many. */
  callerBegins(): void {
    this.#callerBeganAt = performance.now()
    this.#callerEndedAt = undefined
  }

  callerEnds(): void {
    this.#callerBeganAt = undefined
    this.#callerEndedAt = performance.now()
  }

  callerDoes(what: string): void {
    this.timeline.tell('caller', what)
  }

  ended({ by, reason }: CallOutcome): void {
    const ends = {
      caller: 'hangs up',
      server: 'the server ended the call',
      reject: `the call was declined as ${reason}`,
      error: `"An application error has occurred": ${reason}`
    }
    this.timeline.tell(by === 'caller' ? 'caller' : 'twilio', ends[by])
  }

  #waits(): void {
    if (!this.#isWaiting) this.timeline.tell('server', 'plays the waiting tone')
    this.#isWaiting = true
  }

  #agentSpeaks(words: string | undefined): void {
    this.#isWaiting = false
    this.isAgentHeard = true
    this.#knowsWords ||= words !== undefined
    const now = performance.now()
    const delayMs = this.#callerEndedAt === undefined ? undefined : now - this.#callerEndedAt
    if (delayMs !== undefined) this.delaysMs.push(delayMs)
    this.#callerEndedAt = undefined
    const opensMs = this.#isOpened ? undefined : now - (this.#streamingSince ?? now)
    this.firstWordMs ??= opensMs
    this.#isOpened = true
    this.timeline.tell(
      'agent',
      words ?? (this.#knowsWords ? 'goes on after a gap' : 'speaks'),
      noteOn(opensMs, delayMs)
    )
  }

  #agentSilent({ heardMs, clearedMs }: Utterance): void {
    if (clearedMs === undefined) return
    const share = `${seconds(heardMs)} heard, ${seconds(clearedMs)} thrown away`
    if (this.#callerBeganAt === undefined) return this.timeline.tell('twilio', `clear: ${share}`)
    const stoppedAfterMs = performance.now() - this.#callerBeganAt
    this.bargeIns.push({ stoppedAfterMs, heardMs, clearedMs })
    this.timeline.tell('twilio', `clear, ${seconds(stoppedAfterMs)} after the caller began: ${share}`)
  }
}

function noteOn(opensMs: number | undefined, delayMs: number | undefined): string | undefined {
  if (opensMs !== undefined) return `first word after ${seconds(opensMs)}`
  return delayMs === undefined ? undefined : `after ${seconds(delayMs)}`
}
