import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import wavefile from 'wavefile'
import { prepare } from '../../simulator/call/cues.ts'
import { readOrder } from '../../simulator/call/order.ts'
import { PracticeModel } from '../../simulator/model/practice-model.ts'
import { decodeMulaw } from '../../simulator/sound/mulaw.ts'
import { speak } from '../../simulator/sound/speech.ts'
import { startHouse } from '../house.ts'
import { runCall } from './run-call.ts'
import { wrongArguments } from './wrong-arguments.ts'

const LIMIT_MS = 90_000

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'call-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** What the timeline says somebody did, in order. */
function doings(out: string, who: string): string[] {
  return [...out.matchAll(new RegExp(`^ +\\d+\\.\\d {2}${who} +(.*)$`, 'gm'))].map(([, what = '']) => what)
}

async function channelsOf(path: string): Promise<[left: Int16Array, right: Int16Array]> {
  const wave = new wavefile.WaveFile(await readFile(path))
  return wave.getSamples(false, Int16Array) as unknown as [Int16Array, Int16Array]
}

/** For each 20 ms, whether there is a voice. */
function voiced(samples: Int16Array): boolean[] {
  return Array.from({ length: Math.floor(samples.length / 160) }, (_, at) => {
    const window = samples.subarray(at * 160, (at + 1) * 160)
    return Math.sqrt(window.reduce((sum, sample) => sum + sample * sample, 0) / 160) > 200
  })
}

test(
  'a server that is already running is rung and left alone',
  async () => {
    const house = await startHouse({ env: { GREETING: 'Say "Hello."' } })
    house.model.hearWords('Goodbye.')
    const record = join(folder, 'running.wav')
    const args = ['--url', house.url, '--auth-token', house.config.twilio.authToken ?? '']
    const { code, out } = await runCall([...args, '--say', 'Goodbye.', '--record', record])
    expect(code, out).toBe(0)
    expect(out).toContain(`The server at ${house.url} answers, whatever model it uses`)
    expect(doings(out, 'agent')).toEqual([expect.stringMatching(/^speaks \(first/), expect.stringMatching(/^speaks/)])
    // Where that server keeps its calls is not known here.
    expect(out).not.toContain('npm run calls')
    expect((await fetch(`${house.url}/ready`)).status).toBe(200)
  },
  LIMIT_MS
)

test.each([
  ['without a token', [], 'wants a signature, and no token for it was found: ring with the --auth-token that it has.'],
  ['with a wrong one', ['--auth-token', 'wrong'], 'refused the signature: it has another token (--auth-token)']
])(
  'a server that is rung %s says what it wants',
  async (_what, args, says) => {
    const house = await startHouse()
    const { code, complaints } = await runCall(['--url', house.url, ...args, '--say', 'Hello?'])
    expect(complaints).toContain(`${house.url} ${says}`)
    expect(complaints.split('\n')).toHaveLength(2)
    expect(code).toBe(1)
    expect(house.model.handshakes.all).toEqual([])
  },
  LIMIT_MS
)

describe.concurrent('a call', () => {
  test(
    'one sentence is said and answered, and both sides are recorded',
    async ({ expect }) => {
      const record = join(folder, 'one sentence.wav')
      const ask = 'When are you open on Friday?'
      const { code, out, complaints } = await runCall(['--say', ask, '--record', record], {
        TWILIO_AUTH_TOKEN: 'a token that the calls are signed with',
        PUBLIC_URL: 'https://agent.example.com'
      })
      expect(complaints).toBe('')
      expect(code).toBe(0)
      expect(out).toContain('a practice model on this machine plays the agent')
      expect(doings(out, 'caller')).toEqual([ask, 'hangs up'])
      const [greeting, tool, answer] = doings(out, 'agent')
      expect(greeting).toMatch(/^Hello\. \(first word after \d\.\d\d s\)$/)
      expect(tool).toBe('calls the tool opening_times {"day":"Friday"}')
      expect(answer).toMatch(/^On Friday the oven is hot from 17:00 to 22:30\./)
      // On a late machine the caller hears the tone as well.
      const did = doings(out, 'server').filter((what) => what !== 'plays the waiting tone')
      expect(did).toEqual([expect.stringMatching(/^opening_times answers: On Friday/)])
      expect(doings(out, 'twilio')[0]).toBe('POST /incoming-call is answered 200: <Connect> <Stream>')
      expect(out).toMatch(/^Recording .*caller left, agent right\./m)
      expect(out).toMatch(/^Again +npm run calls -- CA[0-9a-f]{32}$/m)
      expect(Math.max(...out.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(100)

      const [caller, agent] = (await channelsOf(record)).map(voiced)
      expect(caller?.filter(Boolean).length).toBeGreaterThan(50)
      expect(agent?.filter(Boolean).length).toBeGreaterThan(100)
      expect(caller?.some((speaks, at) => speaks && agent?.[at])).toBe(false)
    },
    LIMIT_MS
  )

  test(
    'a recording, an interruption and keys come in the order in which they were written',
    async ({ expect }) => {
      const question = join(folder, 'question.wav')
      await writeWav(question, await speak('What can you do for me?'), 44_100)
      await writeFile(join(folder, 'question.txt'), 'What can you\ndo for me?\n')
      // The answer begins a second after the question, and this one speaks over it.
      const sound = [
        await speak('What can you do for me?'),
        Buffer.alloc(1_800 * 8, 0xff),
        await speak('Wait, please stop.')
      ]
      const twice = join(folder, 'twice.wav')
      await writeWav(twice, Buffer.concat(sound), 8_000)
      const record = join(folder, 'order.wav')
      const args = ['--wav', question, '--wav', twice, '--barge-in', '--say', 'Thank you, goodbye.', '--record', record]
      const { code, out } = await runCall(['--practice', '--press', '1#', ...args], { OPENAI_API_KEY: 'sk-unused' })
      expect(code, out).toBe(0)
      expect(out).toMatch(/^--practice: a practice model on this machine plays the agent/)
      const [keys, recording, another, interruption] = doings(out, 'caller')
      expect(keys).toBe('presses 1#')
      expect(recording).toMatch(/^\[question\.wav, \d\.\d s\] What can you do for me\?$/)
      expect(another).toMatch(/^\[twice\.wav, /)
      // With those words, and not with the first of that recording.
      expect(out).toMatch(/Barge-ins +2, the agent fell silent after 0\.\d\d s/)
      expect(interruption).toBe('Thank you, goodbye. (over the agent)')
      expect(doings(out, 'twilio')).toContainEqual(
        expect.stringMatching(/^clear, \d\.\d\d s after the caller began: \d\.\d\d s heard, \d\.\d\d s thrown away$/)
      )
      expect(doings(out, 'agent')).toContainEqual('calls the tool hang_up {}')
      expect(doings(out, 'twilio').at(-1)).toBe('the server ended the call')
    },
    LIMIT_MS
  )

  test(
    'with a key the price is told before anything is billed; a server that cannot start is an error with its reason',
    async ({ expect }) => {
      const settings = { MAX_CALL_MS: 'soon', OPENAI_API_KEY: 'sk-unused' }
      const { code, out, complaints } = await runCall(['--say', 'Hello?'], settings)
      expect(out).toMatch(/^OPENAI_API_KEY is set: the real model answers, about \$0\.10 to \$0\.30 a minute/)
      expect(code).toBe(1)
      expect(complaints).toContain('The server ended with code 1 before it was ready:')
      expect(complaints).toContain('MAX_CALL_MS: expected milliseconds from 1 to 2147483647')
    },
    LIMIT_MS
  )

  test(
    'a key that the model refuses is an error that says what the model answered and what to do',
    async ({ expect }) => {
      const model = await PracticeModel.listen({ apiKey: 'sk-real' })
      const settings = { OPENAI_API_KEY: 'sk-wrong', OPENAI_REALTIME_URL: model.url }
      const record = join(folder, 'refused.wav')
      const { code, out, complaints } = await runCall(['--say', 'Hello?', '--record', record], settings)
      await model.close()
      expect(complaints).toMatch(
        /^The model could not be had \(invalid_api_key\): set OPENAI_API_KEY, here or in \.env,/
      )
      expect(complaints).toContain('\nThe agent was not heard.\n')
      expect(out).toMatch(/ERROR: the model could not be had \{.*"code":"invalid_api_key"/)
      expect(out).not.toContain('INFO: request')
      expect(code).toBe(1)
    },
    LIMIT_MS
  )

  test(
    'a tool that fails is told with its message and where it was thrown',
    async ({ expect }) => {
      const model = await PracticeModel.listen({ brain: wrongArguments })
      const settings = { OPENAI_API_KEY: 'sk-unused', OPENAI_REALTIME_URL: model.url }
      const { out } = await runCall(['--say', 'Hello?', '--record', join(folder, 'fails.wav')], settings)
      await model.close()
      expect(doings(out, 'server')).toContainEqual(
        expect.stringMatching(/^\w+ fails: InvalidToolInputError: Invalid JSON/)
      )
      expect(out).toMatch(/^ {16} +at .+:\d+:\d+\)?$/m)
    },
    LIMIT_MS
  )

  test(
    'the tone that lets a caller wait is not taken for the agent',
    async ({ expect }) => {
      const settings = {
        OPENAI_API_KEY: 'sk-unused',
        OPENAI_REALTIME_URL: `ws://127.0.0.1:${await closedPort()}/v1/realtime`,
        MODEL_RECONNECT_MS: '4000'
      }
      const record = join(folder, 'tone.wav')
      const { code, out, complaints } = await runCall(['--say', 'Hello?', '--record', record], settings)
      expect(doings(out, 'server')).toEqual(['plays the waiting tone'])
      expect(doings(out, 'agent')).toEqual([])
      expect(out).toMatch(/^First word +not by the agent$/m)
      expect(complaints).toMatch(/^The model could not be had \(ECONNREFUSED\): nobody answers at its address:/)
      expect(code).toBe(1)
      const [, agent] = await channelsOf(record)
      expect(voiced(agent).some(Boolean)).toBe(true)
    },
    LIMIT_MS
  )

  test(
    'nobody at the URL is an error in one sentence',
    async ({ expect }) => {
      const url = `http://127.0.0.1:${await closedPort()}`
      const { code, complaints } = await runCall(['--url', url, '--say', 'Hello?'])
      expect(complaints).toBe(`Nobody answers at ${url}: is the server running there?\n`)
      expect(code).toBe(1)
    },
    LIMIT_MS
  )

  test(
    'a folder as --record is an error before the call, not after it',
    async ({ expect }) => {
      const { code, out, complaints } = await runCall(['--say', 'Hello?', '--record', folder])
      expect({ out, complaints }).toEqual({
        out: '',
        complaints: `The recording cannot be written to ${folder}: that is a folder.\n`
      })
      expect(code).toBe(1)
    },
    LIMIT_MS
  )

  test(
    'a flag that does not exist is an error in one sentence',
    async ({ expect }) => {
      const { code, complaints } = await runCall(['--shout', 'Hello?'])
      expect(complaints).toBe("Unknown option '--shout': see npm run call -- --help.\n")
      expect(code).toBe(1)
    },
    LIMIT_MS
  )
})

describe('the command line', () => {
  test('without flags the default scene is played, and kept in call.wav', () => {
    const { scene, record, url } = readOrder([])
    expect(scene.steps.length).toBeGreaterThan(3)
    expect({ record, url }).toEqual({ record: 'call.wav', url: undefined })
  })

  test('a barge-in is for the next words only, whatever is pressed before them', () => {
    const { scene } = readOrder(['--barge-in', '--press', '1', '--say', 'One.', '--say', 'Two.'])
    expect(scene.steps).toEqual([
      { press: '1' },
      { say: 'One.', bargeInMs: 1_000 },
      { say: 'Two.', bargeInMs: undefined }
    ])
  })

  const mistakes: { args: string[]; says: string }[] = [
    { args: ['Hello.'], says: 'write npm run call -- --say' },
    { args: ['--say'], says: '--say' },
    { args: ['--say', '...'], says: 'something to say' },
    { args: ['--press', '12x'], says: 'got "12x"' },
    { args: ['--say', 'Hello.', '--barge-in'], says: 'after --barge-in' },
    { args: ['--scene', 'opera'], says: 'no scene "opera". There is: default' },
    { args: ['--scene', 'default', '--say', 'Hello.'], says: 'either --scene or steps of your own' },
    { args: ['--practice', '--url', 'http://localhost:5050'], says: 'either --practice or --url' },
    { args: ['--url', 'localhost:5050'], says: 'a URL like http://localhost:5050' }
  ]
  test.each(mistakes)('$args: $says', ({ args, says }) => {
    expect(() => readOrder(args)).toThrow(says)
  })

  test('a recording that is missing, none, or silent is named', async () => {
    const missing = join(folder, 'missing.wav')
    await expect(prepare([{ wav: missing }])).rejects.toThrow(`There is no file ${missing}.`)
    const text = join(folder, 'text.wav')
    await writeFile(text, 'this is not sound')
    await expect(prepare([{ wav: text }])).rejects.toThrow(`${text} is no recording`)
    await expect(prepare([{ wav: text }])).rejects.toThrow(/[^.]\.$/)
    for (const length of [0, 8_000]) {
      const silent = join(folder, `silent-${length}.wav`)
      await writeWav(silent, Buffer.alloc(length, 0xff), 8_000)
      await expect(prepare([{ wav: silent }])).rejects.toThrow(`There is nothing to hear in ${silent}.`)
    }
  })
})

async function writeWav(path: string, mulaw: Uint8Array, rate: number): Promise<void> {
  const wave = new wavefile.WaveFile()
  wave.fromScratch(1, 8_000, '16', decodeMulaw(mulaw))
  wave.toSampleRate(rate)
  await writeFile(path, wave.toBuffer())
}

async function closedPort(): Promise<number> {
  const server = createServer()
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port))
  })
  await new Promise((resolve) => server.close(resolve))
  return port
}
