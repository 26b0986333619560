import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startHouse } from '../house.ts'
import { CONSOLE_TOKEN, scrapeText } from './scrape.ts'

/** The metrics of a scrape with their labels: `# TYPE` names also those that nothing was observed for. */
async function existing() {
  const house = await startHouse({ overrides: { consoleToken: CONSOLE_TOKEN } })
  const text = await scrapeText(house)
  return [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].flatMap(([, name = '', type]) =>
    type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name]
  )
}

test.each(['grafana.json', 'alerts.yml'])('every metric that %s names exists', async (file) => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/operating', file), 'utf8')
  const queries = [...text.matchAll(/"?expr"?: (.*)/g)].map(([, query = '']) => query)
  expect(queries.length).toBeGreaterThanOrEqual(10)
  const names = queries.flatMap((query) => query.match(/\b(voice|process|nodejs)_\w+/g) ?? [])
  const known = await existing()
  expect([...new Set(names)].filter((name) => !known.includes(name))).toEqual([])
})

test('there is no metric that docs/operating.md does not name', async () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/operating.md'), 'utf8')
  const names = (await existing()).map((name) => name.replace(/_(bucket|sum|count)$/, ''))
  expect([...new Set(names)].filter((name) => !text.includes(`\`${name}`))).toEqual([])
})
