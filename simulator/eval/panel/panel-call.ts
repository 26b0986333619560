import { setTimeout as wait } from 'node:timers/promises'
import type { Brain } from '../../model/practice-model.ts'
import { durationMs } from '../../sound/mulaw.ts'
import { speak } from '../../sound/speech.ts'
import { PhoneCall } from '../../telephone/telephone.ts'
import { type House, openHouse } from '../house.ts'
import { Scene } from '../scene.ts'
import type { PanelCall, PlayedStimulus } from './measure.ts'
import type { Stimulus } from './stimuli.ts'

/** An answer of three quarters of a minute, without a pause in which it could seem to be over. */
const LONG = `We are open from nine to five on every day of the week and on Saturday until one o'clock and you can come in without
a visit before ten and the entrance is next to the bakery and there is a lift on the left and the waiting room is on the
second floor and somebody will be there to help you with the form and the first visit takes about forty minutes and we look at
everything and then we tell you what we have found and what it will cost and you can think about it at home and call us again
and if you need to move your visit then please let us know one day before and that is all free and you can pay by card or
in cash or by transfer and we send you the bill by post or by mail and we also speak German and Spanish and if you come by car
there are places behind the house`
const SHORT = 'Yes, that is right.'
/** A caller who is not answered speaks again. */
const PATIENCE_MS = 5_000
/** Between two sounds of the caller's, so that all that follows from one is over. */
const AFTER_MS = 2_300
/** What the agent has still to say when it is spoken over, beyond the sound itself and what is watched of it. */
const SPARE_MS = 1_800
const TICK_MS = 20
const GREETING_LIMIT_MS = 10_000
/** The agent is silent for so long before a sound in the silence. */
const SETTLED_MS = 600

export interface CallOfStimuli {
  readonly stimuli: readonly Stimulus[]
  /** What is asked to make the agent speak. */
  readonly question: Stimulus
  readonly settings: Readonly<Record<string, string>>
}

/** Makes what the agent says: no call has to wait for it. */
export async function rehearse(): Promise<void> {
  await Promise.all([LONG, SHORT].map((text) => speak(text)))
}

/** Plays stimuli in one call with a server of its own. @throws Error when something else went wrong on the call */
export async function playPanelCall(order: CallOfStimuli): Promise<PanelCall> {
  const isLong = order.stimuli.some(({ isOver }) => isOver)
  const brain: Brain = ({ kind }) => [{ say: kind === 'greeting' || !isLong ? SHORT : LONG }]
  const scene = Scene.parse({ name: 'panel', settings: order.settings, turns: [{ hangUp: true }] })
  const house = await openHouse(scene, { isReal: false, brain })
  try {
    return await playIn(house, order)
  } finally {
    await house.close()
  }
}

async function playIn(house: House, { stimuli, question }: CallOfStimuli): Promise<PanelCall> {
  const clearedMs: number[] = []
  const noticedMs: number[] = []
  const phone = await PhoneCall.ring({
    ...{ url: house.url, authToken: house.authToken },
    onFrame: ({ event }) => event === 'clear' && clearedMs.push(phone.nowMs)
  })
  await phone.streaming
  const caller = new PanelCaller(phone, question)
  await caller.hearGreeting()
  for (const { sent } of house.model?.sessions ?? []) {
    sent.follow(({ type }) => type === 'input_audio_buffer.speech_started' && noticedMs.push(phone.nowMs))
  }
  for (const stimulus of stimuli) await caller.play(stimulus)
  const lanes = phone.recorded('start')
  phone.hangUp()
  const { errors, reason, by } = await phone.ended
  const wrong = [...errors.map(({ message }) => message), ...house.errors, ...(house.model?.failures ?? [])]
  if (by !== 'caller') wrong.push(`the call ended by the ${by}: ${reason}`)
  if (wrong.length > 0) throw new Error(wrong.join('\n'))
  return { played: caller.played, lanes, noticedMs, clearedMs }
}

/** Waits for the right moment for each stimulus. */
class PanelCaller {
  readonly played: PlayedStimulus[] = []
  readonly #phone: PhoneCall
  readonly #question: Stimulus

  constructor(phone: PhoneCall, question: Stimulus) {
    this.#phone = phone
    this.#question = question
  }

  async hearGreeting(): Promise<void> {
    await this.#until(() => this.#isAgentHeard, GREETING_LIMIT_MS)
    await this.#silence()
  }

  async play(stimulus: Stimulus): Promise<void> {
    if (stimulus.isOver) await this.#agentTalks(durationMs(stimulus.mulaw) + SPARE_MS)
    else await this.#silence()
    await this.#sound(stimulus)
    await wait(AFTER_MS)
    if (stimulus.kind === 'interruption') await this.#until(() => this.#isAgentHeard, PATIENCE_MS - AFTER_MS)
  }

  get #isAgentHeard(): boolean {
    return this.#phone.bufferedMs > 0
  }

  /** The agent speaks, and will for so long; it is asked something if it is silent. */
  async #agentTalks(ms: number): Promise<void> {
    while (this.#phone.bufferedMs < ms) {
      if (this.#isAgentHeard) await wait(TICK_MS)
      else await this.#ask()
    }
  }

  async #ask(): Promise<void> {
    await this.#silence()
    await this.#sound(this.#question)
    if (!(await this.#until(() => this.#isAgentHeard, PATIENCE_MS))) await wait(AFTER_MS)
  }

  async #sound({ kind, isOver, mulaw }: Stimulus): Promise<void> {
    const fromMs = this.#phone.sentMs
    await this.#phone.play(mulaw)
    this.played.push({ kind, isOver, fromMs, toMs: this.#phone.sentMs })
  }

  async #silence(): Promise<void> {
    let silentSince = performance.now()
    while (performance.now() - silentSince < SETTLED_MS) {
      await wait(TICK_MS)
      if (this.#isAgentHeard) silentSince = performance.now()
    }
  }

  /** @returns whether it came true within `limitMs` */
  async #until(isTrue: () => boolean, limitMs: number): Promise<boolean> {
    const limitAt = performance.now() + limitMs
    while (!isTrue() && performance.now() < limitAt) await wait(TICK_MS)
    return isTrue()
  }
}
