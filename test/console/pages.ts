import { mkdir, writeFile } from 'node:fs/promises'
import alawmulaw from 'alawmulaw'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { consoleLink } from '../../src/plugins/console-key.ts'
import { recordingFile, recordingsFolder } from '../../src/records/recording-file.ts'
import { SECOND_BYTES, SILENCE, wavHeader } from '../../src/records/wav.ts'
import type { Store } from '../../src/store/open.ts'
import type { House } from '../house.ts'
import { TOKEN } from './console.ts'

/** Signs in as a person does who follows the link of the terminal, and goes to a path of the console's. */
export async function visit(page: Page, { url }: House, path: string): Promise<void> {
  const origin = url.replace('127.0.0.1', 'localhost')
  if (!page.url().startsWith(origin)) await page.goto(consoleLink(origin, TOKEN))
  await page.goto(origin + path)
  await page.locator('h1').waitFor()
}

/** The path and the query that the page shows. */
export const pathOf = (page: Page): string => page.url().replace(/^https?:\/\/[^/]+/, '')

/** Waits until the page's address is this path with its query. */
export const isAt = (page: Page, path: string) => expect.poll(() => pathOf(page), { timeout: 5_000 }).toBe(path)

/** A second has so many steps of 20 ms. */
export const STEPS = 50

/** The sound of each step, as mu-law: each is some percent louder than the one before. */
const byteOf = (step: number) => 0x80 + STEPS - step
const SAMPLES = Array.from({ length: STEPS }, (_, step) => alawmulaw.mulaw.decodeSample(byteOf(step)) / 32_768)

/** Which step this sample, from -1 to 1, is of. */
export function stepOf(sample: number): number {
  const distances = SAMPLES.map((one) => Math.abs(one - Math.abs(sample)))
  return distances.indexOf(Math.min(...distances))
}

/** Keeps a recording in which the agent's sound says, in each 20 ms, which 20 ms of the second these are. */
export async function keepStaircase({ dataDir }: Store, callId: string, seconds: number): Promise<void> {
  const samples = Buffer.alloc(seconds * SECOND_BYTES, SILENCE)
  for (let at = 0; at < samples.length / 2; at += 1) samples[2 * at + 1] = byteOf(Math.floor(at / 160) % STEPS)
  await mkdir(recordingsFolder(dataDir), { recursive: true })
  await writeFile(recordingFile(dataDir, callId), Buffer.concat([wavHeader(samples.length), samples]))
}
