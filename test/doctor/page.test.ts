import { expect } from 'vitest'
import { consoleLink } from '../../src/plugins/console-key.ts'
import { axeViolations, browserTest, screenshot, useBrowser } from '../browser.ts'
import { startConsole, TOKEN } from '../console/console.ts'
import { newFolder } from '../stores.ts'

const newPage = useBrowser()

browserTest(
  'the page of the server’s health shows what the doctor finds, and what to do',
  { timeout: 30_000 },
  async () => {
    const { house } = await startConsole('SQLite', { env: { DATA_DIR: await newFolder() } })
    const page = await newPage({ colorScheme: 'dark', locale: 'en-US' })
    const origin = house.url.replace('127.0.0.1', 'localhost')
    await page.goto(consoleLink(origin, TOKEN))
    await page.goto(`${origin}/console/health`)
    await page.getByRole('button', { name: 'Examine' }).click()
    const finding = page.getByRole('listitem').filter({ hasText: 'There is no public address.' })
    await finding.waitFor({ timeout: 10_000 })
    expect(await finding.innerText()).toMatch(
      /warning\s+There is no public address\.\s+Twilio cannot reach this machine\.\s+Open a tunnel/
    )
    expect(await axeViolations(page)).toEqual([])
    await screenshot(page, 'health-doctor-dark')
  }
)
