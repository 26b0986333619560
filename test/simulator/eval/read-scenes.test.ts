import { writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { readScenes } from '../../../simulator/eval/read-scenes.ts'
import { newFolder } from '../../stores.ts'

async function written(text: string, name = 'scene.yaml'): Promise<string> {
  const file = join(await newFolder(), name)
  await writeFile(file, text)
  return file
}

/** What a scene is refused with, without the name of its file. */
async function refusal(text: string): Promise<string> {
  const file = await written(text)
  const refused = readScenes([file]).then(
    () => '',
    (error: Error) => error.message
  )
  return (await refused).replaceAll(`${relative('.', file)}:`, '')
}

const SCENE = 'name: One\nturns:\n  - say: Hello\n'

test('a scene needs a name and a turn, and everything else has a default', async () => {
  const file = await written(SCENE)
  const [read] = await readScenes([file])
  expect(read?.file).toBe(relative('.', file))
  expect(read?.scene).toEqual({
    ...{ name: 'One', tags: [], settings: {}, seed: {}, caller: {}, judge: [] },
    turns: [{ say: 'Hello' }]
  })
})

test('one text and a list of texts are the same', async () => {
  const [read] = await readScenes([await written(`${SCENE}    expect: { said: yes, notSaid: [no, never] }\n`)])
  expect(read?.scene.turns?.[0]?.expect).toEqual({ said: ['yes'], notSaid: ['no', 'never'] })
})

test.each([
  ['a verb that is none', 'name: A\nturns:\n  - sya: Hello\n', '3: turns: there is no "sya" here'],
  ['two verbs', 'name: A\nturns:\n  - say: Hi\n  - say: Ho\n    press: "1"\n', '4: turns: expected exactly one of'],
  ['keys that are a number', 'name: A\nturns:\n  - press: 12\n', '3: turns: press: expected keys in quotation marks'],
  ['a barge-in of keys', 'name: A\nturns:\n  - press: "1"\n    bargeInMs: 3\n', '3: turns: bargeInMs goes with say'],
  [
    'a time that is none',
    `${SCENE}    expect:\n      within: soon\n`,
    '5: turns: expect: within: expected milliseconds'
  ],
  ['a tool without a name', `${SCENE}    expect:\n      tools:\n        - args: {}\n`, '6: turns: expect: tools: name'],
  ['an end that is none', `${SCENE}ended: well\n`, '4: ended: expected an end such as "agent hung up"'],
  ['a setting that is none', `${SCENE}settings:\n  MAX_CALL: 3\n`, '5: settings: MAX_CALL: there is no such setting'],
  ['a bad setting', `${SCENE}settings:\n  MAX_CALLS: some\n`, '5: settings: MAX_CALLS: expected a whole number'],
  ['a clock without a zone', `${SCENE}seed:\n  now: 2026-03-02\n`, '5: seed: now: expected a time with its zone'],
  ['a seed that the agent has not', `${SCENE}seed:\n  dairy: []\n`, '5: seed: there is no "dairy" here'],
  ['neither turns nor a persona', 'name: A\n', '1: expected either turns'],
  ['no YAML', 'name: [\nturns: 3\n', '2: Flow sequence'],
  ['nothing', '', '1: name: expected words']
])('%s is refused with its line', async (_what, text, message) => {
  expect(await refusal(text)).toContain(message)
})

test('every mistake of every file is told at once, and two scenes of one name are one', async () => {
  const [one, other] = [await written('name: A\n'), await written('nme: B\nturns: []\n')]
  const both = readScenes([one, other, 'none.yaml'])
  await expect(both).rejects.toThrow(
    /scene.yaml:1: expected either.*\n.*scene.yaml:1: (?:.|\n)*scene.yaml:2: turns: expected at least one turn/
  )
  await expect(both).rejects.toThrow('none.yaml:1: there is no such file')
  await expect(readScenes([await written(SCENE), await written(SCENE)])).rejects.toThrow('is also called "One"')
})
