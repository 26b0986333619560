import { expect } from 'vitest'
import type { House } from '../house.ts'

export const CONSOLE_TOKEN = 'the-token-of-the-console'

/** What one scrape shows: the value of each series, by its name and labels as they are written. */
export type Series = ReadonlyMap<string, number>

export async function scrapeText({ app }: House): Promise<string> {
  const reply = await app.inject({ url: '/metrics', headers: { authorization: `Bearer ${CONSOLE_TOKEN}` } })
  expect(reply.statusCode).toBe(200)
  expect(reply.headers['content-type']).toContain('text/plain; version=0.0.4')
  return reply.body
}

export async function scrape(house: House): Promise<Series> {
  return seriesOf(await scrapeText(house))
}

export function seriesOf(text: string): Series {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ')
      return [line.slice(0, at), Number(line.slice(at + 1))] as const
    })
  )
}

/** The series of these metrics that are not 0; of a histogram its buckets, sum and count. */
export function counted(series: Series, ...names: string[]): Record<string, number> {
  const nameOf = (one: string) => (one.split('{')[0] ?? '').replace(/_(bucket|sum|count)$/, '')
  return Object.fromEntries([...series].filter(([one, value]) => names.includes(nameOf(one)) && value !== 0))
}

/** The values of every label, by metric and label. */
export function labelValues(series: Series): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>()
  for (const one of series.keys()) {
    const name = (one.split('{')[0] ?? '').replace(/_bucket$/, '')
    for (const [, label = '', value = ''] of one.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
      const key = `${name} ${label}`
      found.set(key, (found.get(key) ?? new Set()).add(value))
    }
  }
  return found
}
