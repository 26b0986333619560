import { existsSync, globSync, readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { sceneFromCall } from '../../../simulator/eval/from-call.ts'
import { rehearse } from '../../../simulator/eval/play.ts'
import { readScenes } from '../../../simulator/eval/read-scenes.ts'
import { eraseCall } from '../../../src/records/erase.ts'
import { sweep } from '../../../src/records/keep.ts'
import { scenesFolder } from '../../../src/records/scene-files.ts'
import { eventually, journalOf, startHouse } from '../../house.ts'
import { ENGINES, newFolder, newStoreSettings, open } from '../../stores.ts'

const LIMIT_MS = 30_000
const ASKS = 'When are you open on Friday?'
const DAYS = { audioDays: 30, wordsDays: 90, callsDays: 365 }

/** A call on which the caller asks and is answered. @returns its id */
async function aCall(settings: Awaited<ReturnType<typeof newStoreSettings>>, env = {}): Promise<string> {
  const house = await startHouse({ env, overrides: { store: await open(settings) } })
  const { phone, call } = await house.connect()
  house.model.hearWords(ASKS)
  await phone.say(ASKS)
  await eventually(
    () => journalOf(call).filter(({ event }) => event.type === 'heard'),
    (heard) => heard.length > 0,
    10_000
  )
  phone.hangUp()
  await house.records.next()
  await house.app.close()
  return phone.callSid
}

describe.each(ENGINES)('on %s', (engine) => {
  test(
    'a recorded call becomes a scene with its voice, its words and its tools, and is erased with it',
    async () => {
      const settings = await newStoreSettings(engine)
      const id = await aCall(settings, { RECORDING: 'announce' })
      const file = await sceneFromCall(id, settings)
      const [read] = await readScenes([file])
      expect(read?.scene).toMatchObject({
        name: `The call ${id}`,
        ended: 'caller_hung_up',
        turns: [
          {
            ...{ wav: `${id}-1.wav`, words: ASKS },
            expect: { within: expect.any(Number), tools: [{ name: 'opening_times', args: { day: 'Friday' } }] }
          }
        ]
      })
      expect(readFileSync(file, 'utf8')).toContain('# The agent said: On Friday the oven is hot')
      // The voice is all there, and what was said is known to whoever plays it.
      const cues = read ? await rehearse(read) : []
      expect(cues).toEqual([expect.objectContaining({ words: ASKS, utterances: [expect.anything()] })])

      const other = join(scenesFolder(settings.dataDir), 'of-somebody.yaml')
      await writeFile(other, 'name: mine')
      await eraseCall(await open(settings), id, 'command')
      expect(globSync('*', { cwd: scenesFolder(settings.dataDir) })).toEqual(['of-somebody.yaml'])
    },
    LIMIT_MS
  )
})

test(
  'a call that was not recorded becomes a scene that is spoken, and one that is not there is told',
  async () => {
    const settings = await newStoreSettings('SQLite')
    const id = await aCall(settings)
    const [read] = await readScenes([await sceneFromCall(id, settings)])
    expect(read?.scene.turns).toMatchObject([{ say: ASKS }])
    await expect(sceneFromCall('CA0', settings)).rejects.toThrow('There is no call CA0 in the store')
  },
  LIMIT_MS
)

test('a scene whose call was erased by another server goes with the next sweep', async () => {
  const store = await open({ dataDir: await newFolder(), databaseUrl: undefined })
  const file = join(scenesFolder(store.dataDir), `CA${'0'.repeat(32)}.yaml`)
  await mkdir(scenesFolder(store.dataDir), { recursive: true })
  await writeFile(file, 'name: one')
  await sweep(store, DAYS)
  expect(existsSync(file)).toBe(false)
})
