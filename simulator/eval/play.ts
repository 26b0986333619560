import { seconds } from '../../src/commands/print.ts'
import { readCall } from '../../src/records/read.ts'
import { AgentVoice } from '../call/agent-voice.ts'
import { type Cue, prepare } from '../call/cues.ts'
import { MachineTime } from '../call/machine.ts'
import { type CallerReport, perform, type Script } from '../call/perform.ts'
import type { Step } from '../call/scenes.ts'
import { SETTLED_MS } from '../call/settled.ts'
import { voiceFor } from '../sound/language.ts'
import { noise } from '../sound/noise.ts'
import { CallOver, PhoneCall } from '../telephone/telephone.ts'
import { type House, type HouseOptions, openHouse } from './house.ts'
import { errorsOf, keptBy, LONGEST_MS, observed } from './observe.ts'
import { GaveUp } from './persona.ts'
import type { SceneFile } from './read-scenes.ts'
import type { HeardTurn, PlayedTurn, Run, Span } from './run.ts'
import type { Scene, Turn } from './scene.ts'

/** Whoever plays a persona. */
export type Player = (scene: Scene, call: Conversation) => AsyncIterable<Step>

/** What a persona can know of the call. */
export interface Conversation {
  /** Resolves when the agent has finished. */
  heardOut(): Promise<void>
  /** What was said so far, the newest last. */
  said(): Promise<readonly Pick<HeardTurn, 'who' | 'text'>[]>
}

export interface PlayOptions extends HouseOptions {
  readonly player: Player
  /** How much speech had to be made so far, which takes time. */
  readonly speechMade: () => number
}

/** A machine that is later than this has no say in what is timely. */
const LATE_MS = 150
const ANONYMOUS = '+266696687'
const WOMAN = 'f3'
/** Telephone calls are in real time; so is the lateness of this process. */
const machine = new MachineTime()

/** Everything that a scene needs before it is played: nothing has to be made during the call. */
export async function rehearse({ scene, folder }: SceneFile): Promise<readonly Cue[]> {
  const background = [scene.caller, ...(scene.turns ?? [])].flatMap((one) => (one.noise ? [one.noise] : []))
  for (const kind of background) await noise(kind)
  return prepare((scene.turns ?? []).map((turn) => stepOf(turn, scene, folder)))
}

/** Plays a scene once. Never rejects: what goes wrong is in `errors`. */
export async function play(file: SceneFile, options: PlayOptions): Promise<Run> {
  const nothing = { file, ...NOTHING }
  let house: House | undefined
  try {
    const cues = await rehearse(file)
    house = await openHouse(file.scene, options)
    return await playIn(house, file, cues, options)
  } catch (error) {
    return { ...nothing, errors: [error instanceof Error ? (error.stack ?? error.message) : String(error)] }
  } finally {
    await house?.close()
  }
}

const NOTHING = {
  ...{ trouble: undefined, played: [], heard: [], tools: [], endReason: undefined, transferredTo: undefined, kept: {} },
  ...{
    lanes: { caller: Buffer.alloc(0), agent: Buffer.alloc(0) },
    tones: [],
    durationMs: 0,
    costUsd: 0,
    unmeasured: undefined
  }
} satisfies Partial<Run>

async function playIn(house: House, file: SceneFile, cues: readonly Cue[], options: PlayOptions): Promise<Run> {
  const { scene } = file
  const tones: Span[] = []
  const voice = new AgentVoice(
    () => phone.bufferedMs,
    () => undefined
  )
  voice.on('tone', ({ ms, waitsMs, cameAt }) => {
    const fromMs = phone.nowMs - (performance.now() - cameAt) + waitsMs
    tones.push({ fromMs, toMs: fromMs + ms })
  })
  const { number } = scene.caller
  const phone = await PhoneCall.ring({
    ...{ url: house.url, authToken: house.authToken, sayAloud: true, onFrame: (frame) => voice.hear(frame) },
    ...(number ? { from: number === 'withheld' ? ANONYMOUS : number } : {}),
    loses: lossOf(scene)
  })
  const witness = new Witness(phone)
  const lateness = machine.watch()
  const made = options.speechMade()
  const giveUp = setTimeout(() => phone.hangUp(), LONGEST_MS)
  const errors: string[] = []
  const performed = perform(scriptOf(file, cues, { house, phone, witness, options, errors }), {
    ...{ call: phone, voice, report: witness, time: machine },
    prompt: (words) => house.model?.hearWords(words),
    isBusy: house.isBusy,
    settledMs: options.isReal ? SETTLED_MS.real : SETTLED_MS.practice
  })
  const outcome = await phone.ended
  clearTimeout(giveUp)
  voice.stop()
  const trouble = await performed
  const unmeasured = whyUnmeasured(lateness(), options.speechMade() - made)
  await house.stop()
  const call = await readCall(house.store, phone.callSid)
  return {
    ...{ file, trouble, tones, unmeasured, lanes: phone.recorded('start'), played: witness.played },
    errors: [...errors, ...errorsOf(house, outcome, call)],
    ...observed(call),
    kept: await keptBy(house, phone.callSid),
    durationMs: outcome.durationMs
  }
}

/** Why nothing can be said about how long anything took; undefined where it can. */
function whyUnmeasured(lateMs: number, speechMade: number): string | undefined {
  if (speechMade > 0) return 'the practice model’s speech was made during the call, which takes time'
  return lateMs > LATE_MS ? `this machine was late by ${seconds(lateMs)}` : undefined
}

function stepOf(turn: Turn, { caller }: Scene, folder: string): Step {
  const { say, wav, words, press, silence, bargeInMs } = turn
  if (say !== undefined) {
    const { language = voiceFor(say), voice = WOMAN, pace } = caller
    return { say, bargeInMs, voice: `${language}+${voice}`, pace }
  }
  if (wav !== undefined) return { wav: `${folder}/${wav}`, bargeInMs, words }
  if (press !== undefined) return { press }
  return silence !== undefined ? { stayMs: silence } : { hangUp: true, bargeInMs }
}

interface Part {
  readonly house: House
  readonly phone: PhoneCall
  readonly witness: Witness
  readonly options: PlayOptions
  /** Added to where a persona cannot be played. */
  readonly errors: string[]
}

/** The call is over, or the persona has not got what they wanted. */
const isOfTheCall = (error: unknown): boolean =>
  error instanceof CallOver || error instanceof GaveUp || (error as Error).name === 'AbortError'

/** The scene's turns one after the other, each with its noise; or whatever its persona makes up. */
function scriptOf(
  { scene, folder }: SceneFile,
  cues: readonly Cue[],
  { house, phone, witness, options, errors }: Part
): Script {
  const behind = async (kind = scene.caller.noise) => phone.background(kind && (await noise(kind)))
  return async function* (heardOut) {
    await behind()
    for (const [at, cue] of cues.entries()) {
      await behind(scene.turns?.[at]?.noise)
      witness.turnsTo(at)
      yield cue
    }
    if (!scene.persona) return
    const said = async () => observed(await readCall(house.store, phone.callSid)).heard
    let at = 0
    try {
      for await (const step of options.player(scene, { heardOut, said })) {
        witness.turnsTo(at++)
        yield* await prepare(['say' in step ? stepOf({ say: step.say }, scene, folder) : step])
      }
    } catch (error) {
      if (!isOfTheCall(error)) errors.push(`the persona could not be played: ${(error as Error).message}`)
      throw error
    }
  }
}

/** Notes when the caller does what. */
class Witness implements CallerReport {
  readonly played: PlayedTurn[] = []
  readonly #phone: PhoneCall
  #at = 0
  #told = ''

  constructor(phone: PhoneCall) {
    this.#phone = phone
  }

  turnsTo(at: number): void {
    this.#at = at
  }

  callerSpeaks(told: string): void {
    this.#told = told
  }

  callerBegins(): void {
    this.#note(this.played[this.#at]?.fromMs)
  }

  callerEnds(): void {
    this.#note(this.played[this.#at]?.fromMs)
  }

  callerDoes(what: string): void {
    this.#told = what
    this.#note(undefined)
  }

  #note(fromMs = this.#phone.sentMs): void {
    this.played[this.#at] = { told: this.#told, fromMs, toMs: this.#phone.sentMs }
  }
}

/** Which of the caller's frames are lost: the same ones each time, spread as on a bad line. */
function lossOf({ caller: { loss = 0 } }: Scene): (frame: number) => boolean {
  return (frame) => (Math.imul(frame + 1, 0x9e3779b1) >>> 0) / 2 ** 32 < loss / 100
}
