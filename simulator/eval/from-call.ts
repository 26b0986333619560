import { mkdir, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { Document, isMap, isSeq } from 'yaml'
import { BadUsage } from '../../src/commands/with-store.ts'
import { readCall, type WholeCall } from '../../src/records/read.ts'
import { readRecording } from '../../src/records/read-recording.ts'
import { scenesFolder } from '../../src/records/scene-files.ts'
import { HEADER_BYTES } from '../../src/records/wav.ts'
import { openStore, type Store, type StoreSettings } from '../../src/store/open.ts'
import { AUDIBLE } from '../call/cues.ts'
import { BYTES_PER_MS, loudness } from '../sound/mulaw.ts'
import { writeWav } from '../sound/wav.ts'
import { observed } from './observe.ts'
import type { HeardTurn } from './run.ts'

/** What is kept of the sound before and after a turn: where it begins and ends is found by ear, and not exact. */
const MARGIN_MS = 200
/** An answer may take so much longer than it took on the call. */
const SLACK_MS = 1_000

/** Writes a scene from a call that was kept. @returns its file. @throws BadUsage for a call that is not there */
export async function sceneFromCall(id: string, settings: StoreSettings): Promise<string> {
  const store = await openStore(settings)
  try {
    const whole = await readCall(store, id)
    if (!whole) throw new BadUsage(`There is no call ${id} in the store: npm run calls lists them.`)
    return await write(store, whole)
  } finally {
    await store.close()
  }
}

async function write(store: Store, whole: WholeCall): Promise<string> {
  const { id } = whole.call
  const folder = scenesFolder(store.dataDir)
  await mkdir(folder, { recursive: true })
  const lane = await callerLane(store, id)
  const scene = sceneOf(whole)
  for (const [at, { turn, heard }] of scene.turns.entries()) {
    const sound = lane?.subarray(...bytesOf(heard))
    if (!sound || loudness(sound) < AUDIBLE) continue
    const name = `${id}-${at + 1}.wav`
    await writeWav(join(folder, name), sound)
    Object.assign(turn, { wav: name, words: turn['say'], say: undefined })
  }
  const file = join(folder, `${id}.yaml`)
  await writeFile(file, yamlOf(whole, scene))
  return relative('.', file)
}

/** The caller's side of the recording; undefined where there is none. */
async function callerLane(store: Store, id: string): Promise<Buffer | undefined> {
  const recording = await readRecording(store, id)
  if (!recording) return undefined
  const samples = (await buffer(recording.stream())).subarray(HEADER_BYTES)
  return Buffer.from(samples.filter((_, at) => at % 2 === 0))
}

function bytesOf({ fromMs, toMs }: HeardTurn): [from: number, to: number] {
  return [Math.max(0, fromMs - MARGIN_MS) * BYTES_PER_MS, (toMs + MARGIN_MS) * BYTES_PER_MS].map(Math.round) as [
    number,
    number
  ]
}

interface TurnOfCall {
  readonly turn: Record<string, unknown>
  readonly heard: HeardTurn
  /** What the agent said then: for whoever writes down what it should say. */
  readonly answer: string
}

/** What the caller said, and what has to happen again: the tools, the delay, the end. */
function sceneOf(whole: WholeCall): { turns: TurnOfCall[]; rest: object } {
  const { heard, tools, endReason, transferredTo } = observed(whole)
  const callers = heard.filter(({ who, text }) => who === 'caller' && text !== '')
  const agents = heard.filter(({ who }) => who === 'agent')
  const turns = callers.map((one, at) => {
    const next = callers[at + 1]?.fromMs ?? Infinity
    const over = agents.find(({ fromMs, toMs }) => fromMs < one.fromMs && toMs > one.fromMs)
    const answers = agents.filter(({ fromMs }) => fromMs >= one.fromMs && fromMs < next)
    const called = tools
      .filter(({ atMs }) => atMs >= one.fromMs && atMs < next)
      .map(({ name, args }) => ({ name, args }))
    const first = answers[0]
    const within = first && Math.ceil((first.fromMs - one.toMs + SLACK_MS) / 500) * 500
    const turn = {
      ...{ say: one.text, bargeInMs: over && Math.round(one.fromMs - over.fromMs) },
      expect: { within, tools: called.length > 0 ? called : undefined }
    }
    return { turn, heard: one, answer: answers.map(({ text }) => text).join(' ') }
  })
  const ended = endReason?.replaceAll('_', ' ')
  return { turns, rest: { ended, ...(transferredTo === undefined ? {} : { transferred: transferredTo }) } }
}

function yamlOf({ call, events }: WholeCall, { turns, rest }: ReturnType<typeof sceneOf>): string {
  const document = new Document({
    ...{ name: `The call ${call.id}`, tags: ['from-call'], seed: { now: call.startedAt } },
    ...{ turns: turns.map(({ turn }) => turn), ...rest }
  })
  document.commentBefore = [
    ' What a caller said, and what the agent then did. Change what should have happened otherwise.',
    ' It has a caller’s words and voice in it: npm run erase deletes it with the call, and so do KEEP_AUDIO_DAYS.',
    ...(events.some(({ type }) => type === 'key') ? [' Keys were pressed. They are not kept: add them, as press.'] : [])
  ].join('\n')
  const list = document.get('turns')
  for (const [at, item] of (isSeq(list) ? list.items : []).entries()) {
    const answer = turns[at]?.answer
    if (isMap(item) && answer) item.comment = ` The agent said: ${answer.replaceAll(/\s+/g, ' ')}`
  }
  return document.toString({ lineWidth: 0 })
}
