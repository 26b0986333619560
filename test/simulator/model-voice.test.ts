import { existsSync, readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { VoiceActivity } from '../../simulator/model/voice-activity.ts'
import { durationMs, encodeMulaw, silence, tone } from '../../simulator/sound/mulaw.ts'
import { speak } from '../../simulator/sound/speech.ts'
import { readWav } from '../../simulator/sound/wav.ts'
import { onThePhone, phoneAudio } from './wire-client.ts'

/** Recorded people: a folder of WAV files, which is not part of the repository. */
const RECORDINGS = process.env['SPEECH_DIR'] ?? ''

const listening = (turn_detection: object) =>
  onThePhone(
    { brain: () => [{ tone: 60_000, transcript: 'On and on.' }], pace: 1 },
    { audio: { ...phoneAudio, input: { ...phoneAudio.input, turn_detection } } }
  )

function turnsIn(audio: Buffer, silenceMs = 500) {
  const turns: { from: number; to?: number }[] = []
  const listener = {
    onStart: (from: number) => turns.push({ from }),
    onStop: (to: number) => Object.assign(turns.at(-1) ?? {}, { to })
  }
  const voice = new VoiceActivity()
  for (let at = 0; at < audio.length; at += 160)
    voice.feed(audio.subarray(at, at + 160), { threshold: 0.5, silenceMs }, listener)
  return turns
}

/** White noise that is the same at every run. */
function noise(ms: number, amplitude: number): Buffer {
  let seed = 1
  const next = () => {
    seed = (seed * 48_271) % 2_147_483_647
    return (seed / 2_147_483_647) * 2 - 1
  }
  return encodeMulaw(Int16Array.from({ length: ms * 8 }, () => next() * amplitude))
}

describe('speech on the line', () => {
  test('becomes a turn, transcribed and answered', async () => {
    const { client, model } = await listening({ type: 'server_vad', prefix_padding_ms: 100, silence_duration_ms: 400 })
    const sentence = await speak('I would like to book an appointment, please.')
    model.hearWords('I would like to book an appointment, please.')
    client.append(Buffer.concat([silence(1_000), sentence, silence(1_000)]))
    await client.next('response.output_audio.delta')
    expect(client.story.slice(2, 10)).toEqual([
      'input_audio_buffer.speech_started',
      'input_audio_buffer.speech_stopped',
      'input_audio_buffer.committed',
      'conversation.item.added',
      'conversation.item.done',
      'conversation.item.input_audio_transcription.delta',
      'conversation.item.input_audio_transcription.completed',
      'response.created'
    ])
    const began = await client.next('input_audio_buffer.speech_started')
    const ended = await client.next('input_audio_buffer.speech_stopped')
    expect(ended['item_id']).toBe(began['item_id'])
    expect(Math.abs(Number(began['audio_start_ms']) - 900)).toBeLessThan(100)
    expect(Math.abs(Number(ended['audio_end_ms']) - 1_400 - durationMs(sentence))).toBeLessThan(250)
    expect((await client.next('conversation.item.done'))['item']).toMatchObject({
      id: began['item_id'],
      role: 'user',
      content: [{ type: 'input_audio', transcript: null }]
    })
  })

  test('over the agent stops it', async () => {
    const { client, session } = await listening({ type: 'semantic_vad' })
    void session.say({ ms: 60_000, transcript: 'On and on.' })
    await client.next('response.output_audio.delta')
    client.append(await speak('Stop, please.'))
    expect(await client.next('response.done')).toHaveProperty('response.status_details.reason', 'turn_detected')
    expect(client.story.indexOf('input_audio_buffer.speech_started')).toBeLessThan(
      client.story.indexOf('response.done')
    )
  })

  test('is a turn without an answer where create_response is off', async () => {
    const { client, session } = await listening({ type: 'server_vad', create_response: false })
    client.append(Buffer.concat([await speak('Hello?'), silence(1_000)]))
    expect(await client.next('conversation.item.input_audio_transcription.completed')).toMatchObject({
      transcript: '[speech]'
    })
    client.send({ type: 'input_audio_buffer.clear' })
    await client.next('input_audio_buffer.cleared')
    expect(session.activeResponseId).toBeUndefined()
  })

  test('a scene’s own speech is not ended by a silent line', async () => {
    const { client, session } = await listening({ type: 'server_vad' })
    session.hearSpeech()
    client.append(silence(2_000))
    client.send({ type: 'input_audio_buffer.clear' })
    await client.next('input_audio_buffer.cleared')
    expect(client.story).not.toContain('input_audio_buffer.speech_stopped')
  })
})

describe('the ear', () => {
  test('hears no speech in silence, in steady noise, or in a click', () => {
    expect(turnsIn(silence(3_000))).toEqual([])
    expect(turnsIn(noise(5_000, 400))).toEqual([])
    expect(turnsIn(Buffer.concat([silence(500), tone(30, 1_000, 0.8), silence(1_000)]))).toEqual([])
  })

  test('hears a long tone as one sound, however steady', () => {
    expect(turnsIn(Buffer.concat([tone(8_000), silence(1_000)]))).toEqual([{ from: 0, to: 8_500 }])
  })

  test('counts a pause shorter than the silence it waits for as part of the turn', () => {
    const twice = Buffer.concat([tone(500), silence(400), tone(500), silence(1_000)])
    expect(turnsIn(twice, 500)).toHaveLength(1)
    expect(turnsIn(twice, 300)).toHaveLength(2)
  })

  test('is cheap enough for hundreds of calls', () => {
    const startedAt = performance.now()
    turnsIn(noise(60_000, 3_000))
    // A minute of audio takes about 4 ms; the limit is a hundred times that.
    expect(performance.now() - startedAt).toBeLessThan(400)
  })
})

const recordings = existsSync(RECORDINGS) ? readdirSync(RECORDINGS).filter((name) => name.endsWith('.wav')) : []
describe.skipIf(recordings.length === 0)(
  `recorded people (set SPEECH_DIR to a folder of WAV files, else they are skipped)`,
  () => {
    test.each(recordings)('%s: hears turns that end, and not the pauses between', async (name) => {
      const recording = await readWav(`${RECORDINGS}/${name}`)
      const turns = turnsIn(Buffer.concat([silence(500), recording, silence(1_500)]), 700)
      expect(turns.length).toBeGreaterThan(0)
      expect(turns.length).toBeLessThanOrEqual(Math.ceil(durationMs(recording) / 8_000))
      for (const { from, to } of turns) expect(to).toBeGreaterThan(from)
      const heardMs = turns.reduce((sum, { from, to = from }) => sum + to - from, 0)
      expect(heardMs).toBeGreaterThan(durationMs(recording) * 0.7)
    })
  }
)
