import type {
  Brain,
  PracticeModelOptions,
  PracticeSession,
  Reply,
  Turn
} from '../../../simulator/model/practice-model.ts'
import type { PhoneCall } from '../../../simulator/telephone/telephone.ts'
import type { Call } from '../../../src/call/call.ts'
import { eventually, type House } from '../../house.ts'

/** What the caller really heard of a tone, to the byte: everything that is not silence. */
export function heardMs({ heard }: PhoneCall): number {
  let samples = 0
  for (const byte of heard) if (byte !== 0xff && byte !== 0x7f) samples += 1
  return samples / 8
}

/** Waits until the caller has heard so much of the agent. */
export const hears = (phone: PhoneCall, ms: number, limitMs?: number): Promise<number> =>
  eventually(
    () => heardMs(phone),
    (heard) => heard >= ms,
    limitMs
  )

/** Waits until nobody speaks, nothing runs and nothing is owed. */
export const quiet = (call: Call, limitMs?: number): Promise<boolean> =>
  eventually(
    () => call.activity.isQuiet,
    (isQuiet) => isQuiet,
    limitMs
  )

/** Waits until a tool runs. */
export const runsTool = (call: Call): Promise<boolean> =>
  eventually(
    () => call.activity.isToolRunning,
    (isRunning) => isRunning
  )

export const clears = (phone: PhoneCall) => phone.frames.all.filter(({ event }) => event === 'clear')

/** What this one answer is asked for; the agent's own instructions stand before it. */
export function askedFor({ instructions, responseInstructions }: Turn): string | undefined {
  // Not the whole of them: the time of day stands in there.
  const [firstLine = ''] = instructions.split('\n')
  return responseInstructions?.startsWith(firstLine) ? responseInstructions.split('\n\n').at(-1) : undefined
}

/** Says a sentence in so many ms of sound. */
export const says = (transcript: string, ms = 200): Reply => ({ tone: ms, transcript })

export const calls = (callTool: string, args: Record<string, unknown> = {}): Reply => ({ callTool, arguments: args })

/** Does what it is asked for, aloud; anything else it leaves to `brain`. Each answer comes at once and plays on. */
export function obliging(brain: Brain = ({ transcript }) => [says(`You said: ${transcript}`)]): PracticeModelOptions {
  return {
    vad: false,
    pace: Number.POSITIVE_INFINITY,
    brain: (turn) => {
      const asked = askedFor(turn)
      return asked === undefined ? brain(turn) : [says(asked, 400)]
    }
  }
}

/** The caller says something: the model hears it begin and end. */
export function speak(session: PracticeSession, words: string): void {
  session.hearSpeech()
  session.hearSilence(words)
}

/** What the agent was asked to say, as the model got it. */
export const requests = ({ received }: PracticeSession) => received.all.filter(({ type }) => type === 'response.create')

/** Everything the model was told in words, in order. */
export const told = ({ received }: PracticeSession): string[] =>
  received.all.flatMap((event) =>
    event.type === 'conversation.item.create' ? [JSON.stringify(event.item.content ?? event.item.output)] : []
  )

/** Waits until the model was told these words, among others. */
export const isTold = (session: PracticeSession, words: string): Promise<string> =>
  eventually(
    () => told(session).join(),
    (all) => all.includes(words)
  )

/** The agent's answers that the caller heard, in words. */
export const answers = (house: House): string[] =>
  house.answered.all.flatMap((call) =>
    call.transcript.turns.flatMap(({ who, text }) => (who === 'agent' && text !== undefined ? [text] : []))
  )

/** Waits until the caller has heard this answer to its end. */
export async function hearsOut(house: House, answer: string): Promise<void> {
  await eventually(
    () => answers(house),
    (all) => all.includes(answer)
  )
  const [call] = house.answered.all.slice(-1)
  if (call) await quiet(call)
}
