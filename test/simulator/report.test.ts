import { once } from 'node:events'
import { expect, test, vi } from 'vitest'
import { AgentVoice } from '../../simulator/call/agent-voice.ts'
import { Report } from '../../simulator/call/report.ts'
import { Timeline } from '../../simulator/call/timeline.ts'

const SOUND = { event: 'media', streamSid: 'MZ', media: { payload: Buffer.alloc(160).toString('base64') } } as const

test('an answer whose sound is held up is told as going on, and never without words', async () => {
  const rows: string[] = []
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((row) => rows.push(String(row)) > 0)
  const words = ['One answer.']
  const voice = new AgentVoice(
    () => 0,
    () => words.shift()
  )
  const report = new Report(new Timeline())
  report.watchVoice(voice)
  voice.hear(SOUND)
  await once(voice, 'silent', { signal: AbortSignal.timeout(5_000) })
  voice.hear(SOUND)
  voice.stop()
  write.mockRestore()
  expect(rows).toEqual([
    expect.stringMatching(/agent {3}One answer\. \(first word/),
    expect.stringMatching(/agent {3}goes on after a gap\n$/)
  ])
  expect(report.isAgentHeard).toBe(true)
})
