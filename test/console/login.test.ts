import type { AddressInfo } from 'node:net'
import { expect, onTestFinished } from 'vitest'
import { buildApp } from '../../src/app.ts'
import { loadConfig } from '../../src/config.ts'
import { consoleLink } from '../../src/plugins/console-key.ts'
import { axeViolations, browserTest, screenshot, useBrowser } from '../browser.ts'

const TOKEN = 'the-token-of-the-console'
const newPage = useBrowser()

async function startServer(): Promise<string> {
  const env = { OPENAI_API_KEY: 'sk-practice', TWILIO_AUTH_TOKEN: 't', CONSOLE_TOKEN: TOKEN, LOG_LEVEL: 'silent' }
  const app = await buildApp(loadConfig(env))
  await app.listen({ port: 0, host: '127.0.0.1' })
  onTestFinished(() => app.close())
  return `http://localhost:${(app.server.address() as AddressInfo).port}`
}

browserTest('a person gives the token, is told that it is wrong, and gets in with the right one', async () => {
  const origin = await startServer()
  const page = await newPage({ provokes: /401|404/, colorScheme: 'dark', viewport: { width: 390, height: 700 } })
  await page.goto(`${origin}/console/login`)
  await page.getByLabel('Console token').fill('some-other-token')
  await page.keyboard.press('Enter')
  await page.getByRole('alert').waitFor()
  expect(await axeViolations(page)).toEqual([])
  await screenshot(page, 'login-wrong-dark')
  await page.getByLabel('Console token').fill(TOKEN)
  await page.keyboard.press('Enter')
  await page.waitForURL(`${origin}/console`)
  expect(await page.context().cookies()).toMatchObject([{ httpOnly: true, sameSite: 'Strict' }])
})

browserTest('a link lets a person in once', async () => {
  const origin = await startServer()
  const link = consoleLink(origin, TOKEN)
  const page = await newPage({ provokes: /404/ })
  await page.goto(link)
  expect(page.url()).toBe(`${origin}/console`)
  const later = await newPage()
  await later.goto(link)
  await later.getByRole('alert').waitFor()
  await screenshot(later, 'login-link-light')
  expect(await later.context().cookies()).toEqual([])
})
