import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..', '..')

test('the documents name only files of the agent that exist', () => {
  const documents = globSync(['*.md', 'docs/*.md'], { cwd: root })
  const named = documents.flatMap((path) =>
    [...readFileSync(join(root, path), 'utf8').matchAll(/src\/agent\/[\w./-]*\w/g)].map(([file]) => file)
  )
  expect(named.length).toBeGreaterThan(10)
  // The tool of the README is the reader's to write.
  const toWrite = 'src/agent/tools/parking.ts'
  expect(named.filter((path) => path !== toWrite && !existsSync(join(root, path)))).toEqual([])
})
