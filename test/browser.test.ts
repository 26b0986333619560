import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished } from 'vitest'
import { axeViolations, browserTest, problemsOf, useBrowser } from './browser.ts'

const open = useBrowser()

/** A page under a policy that allows scripts of its own origin alone. */
async function serve(body: string): Promise<string> {
  const server = createServer((_request, response) => {
    response.setHeader('content-security-policy', "default-src 'none'; script-src 'self'")
    response.setHeader('content-type', 'text/html')
    response.end(`<!doctype html><html lang="en"><title>A page</title><main><h1>A page</h1>${body}</main>`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `http://localhost:${(server.address() as AddressInfo).port}/`
}

browserTest('a page without a fault passes, and has a microphone', async () => {
  const page = await open()
  await page.goto(await serve('<p>Hello.</p>'))
  expect(await axeViolations(page)).toEqual([])
  expect(problemsOf(page)).toEqual([])
  const tracks = await page.evaluate(
    'navigator.mediaDevices.getUserMedia({ audio: true }).then((stream) => stream.getAudioTracks().length)'
  )
  expect(tracks).toBe(1)
})

browserTest('what a page does against its policy, or throws, is told with its cause', async () => {
  const page = await open({ provokes: /inline|onerror|undefined is not/ })
  await page.goto(await serve('<p style="color: red">Hello.</p><script>onerror()</script>'))
  await page.evaluate('void setTimeout(() => { throw new Error("undefined is not a page") })')
  await expect
    .poll(() => problemsOf(page))
    .toEqual(
      expect.arrayContaining([
        expect.stringContaining('violates style-src-attr'),
        expect.stringContaining('violates script-src-elem'),
        expect.stringContaining('thrown: Error: undefined is not a page')
      ])
    )
})

browserTest('what cannot be read with a screen reader is told', async () => {
  const page = await open()
  await page.goto(await serve('<button></button>'))
  expect(await axeViolations(page)).toEqual([expect.stringContaining('button-name')])
})
