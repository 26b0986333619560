import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import wavefile from 'wavefile'
import { decodeMulaw, durationMs, loudness, silence, tone } from '../../simulator/sound/mulaw.ts'
import { speak } from '../../simulator/sound/speech.ts'
import { readWav, writeStereoWav } from '../../simulator/sound/wav.ts'

describe('speech', () => {
  test('a sentence is spoken loud enough to be heard, for as long as a person would need', async () => {
    const speech = await speak('Hello there, what are your opening hours?')
    expect(durationMs(speech)).toBeGreaterThan(1_500)
    expect(durationMs(speech)).toBeLessThan(4_000)
    expect(loudness(speech)).toBeGreaterThan(0.03)
  })

  test('the same text is synthesized once', async () => {
    expect(await speak('Thank you.')).toBe(await speak('Thank you.'))
  })

  test('another voice says the same text differently', async () => {
    expect((await speak('Thank you.', { voice: 'en-us+f3' })).equals(await speak('Thank you.'))).toBe(false)
  })

  test('several texts asked for at once do not mix', async () => {
    const [one, two] = await Promise.all([speak('One.', { voice: 'en-us+f2' }), speak('A much longer sentence, two.')])
    expect(durationMs(two)).toBeGreaterThan(durationMs(one))
  })

  test('an unknown voice is named in the error', async () => {
    await expect(speak('Hello.', { voice: 'nobody' })).rejects.toThrow('no voice "nobody"')
  })

  test('a text without a word in it is silence', async () => {
    expect(loudness(await speak('...'))).toBeLessThan(0.001)
  })
})

describe('WAV files', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wav-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  test('two tracks survive writing and reading as one mixed line', async () => {
    const path = join(folder, 'stereo.wav')
    await writeStereoWav(path, tone(500, 400), silence(800))
    const mixed = await readWav(path)
    expect(durationMs(mixed)).toBe(800)
    expect(loudness(mixed.subarray(0, 4_000))).toBeCloseTo(loudness(tone(500, 400)) / 2, 2)
    expect(loudness(mixed.subarray(4_000))).toBeLessThan(0.001)
  })

  const formats = [
    { rate: 8_000, depth: '8', channels: 1 },
    { rate: 16_000, depth: '16', channels: 1 },
    { rate: 44_100, depth: '16', channels: 2 },
    { rate: 48_000, depth: '24', channels: 2 },
    { rate: 24_000, depth: '32f', channels: 1 },
    { rate: 22_050, depth: '64', channels: 1 }
  ]
  test.each(formats)('reads $rate Hz, $depth bit, $channels channels', async ({ rate, depth, channels }) => {
    const path = join(folder, `${rate}-${depth}-${channels}.wav`)
    await writeFile(path, toneFile(rate, depth, channels))
    const line = await readWav(path)
    expect(durationMs(line)).toBeCloseTo(1_000, -1)
    expect(loudness(line)).toBeCloseTo(0.5 / Math.SQRT2, 1)
    expect(pitchOf(line)).toBeCloseTo(500, -1)
  })

  test.each(['8a', '8m'])('reads 8 kHz in the %s code', async (code) => {
    const wave = new wavefile.WaveFile(toneFile(8_000, '16', 1))
    if (code === '8a') wave.toALaw()
    if (code === '8m') wave.toMuLaw()
    const path = join(folder, `${code}.wav`)
    await writeFile(path, wave.toBuffer())
    expect(pitchOf(await readWav(path))).toBeCloseTo(500, -1)
  })

  test('ADPCM is refused in words', async () => {
    const wave = new wavefile.WaveFile(toneFile(8_000, '16', 1))
    wave.toIMAADPCM()
    const path = join(folder, 'adpcm.wav')
    await writeFile(path, wave.toBuffer())
    await expect(readWav(path)).rejects.toThrow('save it as 16-bit PCM')
  })

  test('what is no WAV is refused', async () => {
    const path = join(folder, 'text.wav')
    await writeFile(path, 'this is not sound')
    await expect(readWav(path)).rejects.toThrow()
  })
})

function toneFile(rate: number, depth: string, channels: number): Uint8Array {
  const samples = new Int16Array(rate).map((_, at) => Math.sin((2 * Math.PI * 500 * at) / rate) * 16_384)
  const wave = new wavefile.WaveFile()
  wave.fromScratch(
    channels,
    rate,
    '16',
    Array.from({ length: channels }, () => samples)
  )
  if (depth !== '16') wave.toBitDepth(depth)
  return wave.toBuffer()
}

function pitchOf(line: Buffer): number {
  const samples = decodeMulaw(line)
  let crossings = 0
  for (let at = 1; at < samples.length; at++) {
    if ((samples[at - 1] ?? 0) < 0 && (samples[at] ?? 0) >= 0) crossings++
  }
  return (crossings * 1_000) / durationMs(line)
}
