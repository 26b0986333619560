import { durationMs, quieter } from '../../sound/mulaw.ts'
import { speak } from '../../sound/speech.ts'
import { voicedFrames } from '../lanes.ts'
import { spanOf } from './measure.ts'
import { vocalNoises } from './noises.ts'

/** A turn and an interruption want an answer; the others want none. An aside is said to somebody else in the room. */
export type Kind = 'turn' | 'interruption' | 'backchannel' | 'noise' | 'aside'

export interface Stimulus {
  readonly kind: Kind
  /** Played while the agent speaks; otherwise while nobody does. */
  readonly isOver: boolean
  readonly what: string
  readonly mulaw: Buffer
}

const VOICES = ['en-us+f3', 'en-us+m3', 'en-gb-scotland+m7', 'en-gb-x-rp+f1', 'en-us+f4', 'en-029+m2']
const PACES = [130, 175, 230]
/** How long a backchannel is: quicker ones are no word, and slower ones are a beginning. */
const BACKCHANNEL_MS = { from: 250, to: 900 }
/** The head is turned away from the telephone: 10 dB less. */
const AWAY = 0.32

const BACKCHANNELS = ['mhm', 'mm-hmm', 'yeah', 'okay', 'uh-huh', 'right', 'I see', 'sure', 'yes', 'got it']
const INTERRUPTIONS = [
  'Wait, stop.',
  'Hang on.',
  'No, not that.',
  'Sorry, one question.',
  'That is not what I meant.',
  'Can I say something first?',
  'Actually, I need another day.',
  'Stop, I know all of that already.',
  'Hold on, what does that cost then?',
  'Excuse me, do you have anything on Friday?'
]
const TURNS = [
  'When are you open on Friday?',
  'What does that visit cost?',
  'Where can I park?',
  'I would like to move my visit to next week.',
  'My name is Sam Taylor. I called yesterday about a bill.',
  'Do you treat children as well?',
  'How long does it take, and does it hurt?',
  'Can somebody call me back in the afternoon?'
]
const ASIDES = [
  'I am on the phone.',
  'Just put it on the table, please.',
  'One minute, dear, I am coming.',
  'No, the other door.',
  'Not now, ask your father.',
  'Yes, you can have the last one.'
]

/** Everything a caller does in the panel, so many of each kind. The same sounds each time. */
export async function stimuli(count: number): Promise<Stimulus[]> {
  const [backchannels, interruptions, turns, asides] = await Promise.all([
    spoken(BACKCHANNELS, count, isBackchannel),
    spoken(INTERRUPTIONS, count),
    spoken(TURNS, count),
    spoken(ASIDES, count * 2)
  ])
  const noises = vocalNoises(count * 2)
  const away = asides.map((aside) => ({ ...aside, mulaw: quieter(aside.mulaw, AWAY) }))
  return [
    ...backchannels.map((one) => ({ ...one, kind: 'backchannel' as const, isOver: true })),
    ...interruptions.map((one) => ({ ...one, kind: 'interruption' as const, isOver: true })),
    ...noises.map((one, at) => ({ ...one, kind: 'noise' as const, isOver: at < count })),
    ...away.map((one, at) => ({ ...one, kind: 'aside' as const, isOver: at < count })),
    ...turns.map((one) => ({ ...one, kind: 'turn' as const, isOver: false }))
  ]
}

/** So many of all these texts in all voices and paces, spread over them evenly. */
async function spoken(texts: readonly string[], count: number, isGood: (mulaw: Buffer) => boolean = () => true) {
  const all = PACES.flatMap((pace) => VOICES.flatMap((voice) => texts.map((text) => ({ text, voice, pace }))))
  const found: { what: string; mulaw: Buffer }[] = []
  for (let at = 0; found.length < count; at++) {
    // A step that shares no factor with the number of all of them comes to each once.
    const { text, voice, pace } = all[(at * STEP) % all.length] as (typeof all)[number]
    const mulaw = await speak(text, { voice, pace })
    if (isGood(mulaw)) found.push({ what: text, mulaw })
  }
  return found
}

const STEP = 71

function isBackchannel(mulaw: Buffer): boolean {
  const span = spanOf(voicedFrames(mulaw), { fromMs: 0, toMs: durationMs(mulaw) })
  const ms = span ? span.toMs - span.fromMs : 0
  return ms >= BACKCHANNEL_MS.from && ms <= BACKCHANNEL_MS.to
}
