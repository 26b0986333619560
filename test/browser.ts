import { join } from 'node:path'
import axe, { type AxeResults } from 'axe-core'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { findChrome, hasChrome } from './chrome.ts'

/** A test in a browser; skipped where there is none, and then one line at the start says so. */
export const browserTest = test.skipIf(!hasChrome)

export interface BrowserOptions {
  /** A WAV that the microphone hears once, from when the page opens it; a beep a second without it. */
  readonly microphone?: string
}

export interface PageOptions extends BrowserContextOptions {
  /** Errors in the console that the test brings about on purpose. */
  readonly provokes?: RegExp
}

/**
 * One browser for the tests of a file. The microphone is a fake one, and allowed; sound may play without a click.
 * @returns opens a page in a new context. It is closed when the test finishes, and what it did against its
 *   Content-Security-Policy, threw or wrote as an error to its console then fails the test.
 */
export function useBrowser({ microphone }: BrowserOptions = {}): (options?: PageOptions) => Promise<Page> {
  let browser: Browser | undefined
  beforeAll(async () => {
    if (hasChrome) browser = await launch(microphone)
  }, 30_000)
  afterAll(() => browser?.close())
  return async (options = {}) => {
    if (!browser) throw new Error('a page is opened within a browserTest')
    return newPage(browser, options)
  }
}

/** What axe-core finds wrong with the page, in one line for each rule. */
export async function axeViolations(page: Page): Promise<string[]> {
  // axe-core adds a `<style>` of its own, which the page's policy refuses, as it should.
  const before = problems.get(page)?.length ?? 0
  await page.evaluate(axe.source)
  const results = (await page.evaluate('axe.run()')) as AxeResults
  const found = problems.get(page)
  found?.splice(before, found.length, ...found.slice(before).filter((problem) => !isInlineStyle(problem)))
  return results.violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join(' | ')}`
  )
}

/** Kept in the folder that SCREENSHOTS names; without it, nothing is done. */
export async function screenshot(page: Page, name: string): Promise<void> {
  const folder = process.env['SCREENSHOTS']
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true })
}

const problems = new WeakMap<Page, string[]>()

/** What went wrong on a page so far. */
export const problemsOf = (page: Page): readonly string[] => problems.get(page) ?? []

// Chromium's own message about a violation does not always name the directive. Code for the page is text here: the
// server's types know no `document`.
const REPORT_VIOLATIONS = `document.addEventListener('securitypolicyviolation', (event) =>
  console.error('violates ' + event.violatedDirective + ': ' + event.blockedURI + ' ' + event.sample))`

const isInlineStyle = (problem: string) => /style-src|inline style/.test(problem)

async function launch(microphone: string | undefined): Promise<Browser> {
  const { executablePath, env } = await findChrome()
  return chromium.launch({
    executablePath,
    env: { ...process.env, ...env },
    args: [
      // Frames are drawn without a graphics card. The network is closed to the browser's own services.
      ...['--disable-gpu', '--disable-background-networking', '--disable-component-update', '--no-first-run'],
      ...['--autoplay-policy=no-user-gesture-required', '--use-fake-ui-for-media-stream'],
      '--use-fake-device-for-media-stream',
      ...(microphone ? [`--use-file-for-fake-audio-capture=${microphone}%noloop`] : [])
    ]
  })
}

async function newPage(browser: Browser, { provokes, ...options }: PageOptions): Promise<Page> {
  // Where LANG is not set, Chromium has a language that `Intl` refuses.
  const context = await browser.newContext({ locale: 'en-US', ...options })
  const page = await context.newPage()
  const found: string[] = []
  problems.set(page, found)
  page.on('pageerror', (error) => found.push(`thrown: ${error.stack ?? error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error') found.push(`${message.text()} (${message.location().url})`)
  })
  await page.addInitScript({ content: REPORT_VIOLATIONS })
  // Playwright's own limit is 30 s, which is longer than a test has.
  page.setDefaultTimeout(6_000)
  onTestFinished(async () => {
    await context.close()
    expect(found.filter((problem) => !provokes?.test(problem))).toEqual([])
  })
  return page
}
