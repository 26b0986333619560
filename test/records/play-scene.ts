import { readFile } from 'node:fs/promises'
import { AgentVoice } from '../../simulator/call/agent-voice.ts'
import { prepare } from '../../simulator/call/cues.ts'
import { MachineTime } from '../../simulator/call/machine.ts'
import { perform } from '../../simulator/call/perform.ts'
import { Practice } from '../../simulator/call/practice.ts'
import { Report } from '../../simulator/call/report.ts'
import type { Scene } from '../../simulator/call/scenes.ts'
import { ServerProcess } from '../../simulator/call/server-process.ts'
import { Timeline } from '../../simulator/call/timeline.ts'
import { PhoneCall } from '../../simulator/telephone/telephone.ts'
import { environment } from '../../src/config.ts'
import { recordingFile } from '../../src/records/recording-file.ts'
import { newFolder, open } from '../stores.ts'
import { gapsOf, judge, type Verdict } from './oracle.ts'

class Untold extends Timeline {
  override answered(): void {}
  override tell(): void {}
}

const AUTH_TOKEN = 'the-token-of-the-scene'
const SETTLED_MS = 700

/** Plays a scene as `npm run call` does, the server in a process of its own, and judges its recording. */
export async function playScene(scene: Scene): Promise<Verdict & { trouble: string | undefined }> {
  const dataDir = await newFolder()
  const report = new Report(new Untold())
  const practice = await Practice.open(report.thoughts)
  const cues = await prepare(scene.steps)
  const settings = { ...practice.model.settings, ...scene.settings, TWILIO_AUTH_TOKEN: AUTH_TOKEN, DATA_DIR: dataDir }
  const server = await ServerProcess.start({ ...environment, ...settings, RECORDING: 'announce' })
  await warmUp(server.url)
  const voice = new AgentVoice(
    () => call.bufferedMs,
    () => practice.takeWords()
  )
  report.watchVoice(voice)
  const call = await PhoneCall.ring({
    ...{ url: server.url, authToken: AUTH_TOKEN, onFrame: (frame) => voice.hear(frame) },
    ...(scene.dial ? { dial: scene.dial } : {})
  })
  const trouble = await perform(cues, {
    ...{ call, voice, report, time: new MachineTime(), settledMs: SETTLED_MS },
    prompt: (words) => practice.model.hearWords(words)
  })
  await call.ended
  voice.stop()
  await server.stop()
  await practice.model.close()
  const gaps = await gapsOf(await open({ dataDir, databaseUrl: undefined }), call.callSid)
  return { ...judge(call, await readFile(recordingFile(dataDir, call.callSid)), gaps), trouble }
}

/** The first call of a process is some 50 ms late in everything, because its code is not compiled yet. */
async function warmUp(url: string): Promise<void> {
  const call = await PhoneCall.ring({ url, authToken: AUTH_TOKEN })
  await call.frames.next(({ event }) => event === 'media')
  call.hangUp()
  await call.ended
}
