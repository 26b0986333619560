import { readFile } from 'node:fs/promises'
import dotenv from 'dotenv'
import { print } from '../src/commands/print.ts'
import { type Config, environment, loadConfig } from '../src/config.ts'
import { CannotFix, fix, undo } from '../src/doctor/fix.ts'
import { Mistake } from './call/mistake.ts'

/** A public address, and the number that points at it. */
export interface Tunnel {
  readonly url: string
  /** Puts the number back. */
  close(): Promise<void>
}

/**
 * Opens a tunnel to PORT, or takes the address of PUBLIC_URL where one is open already, and points the number at it.
 * @throws Mistake where no tunnel can be opened
 */
export async function openTunnel(): Promise<Tunnel> {
  // Not into the environment, which the server gets: what is changed in .env later has to count there.
  const settings = { ...dotenv.parse(await readFile('.env', 'utf8').catch(() => '')), ...environment }
  const { url, close } = settings['PUBLIC_URL']
    ? { url: settings['PUBLIC_URL'], close: async () => {} }
    : await openNgrok(settings)
  print(`The public address: ${url}`)
  const config = loadConfig({ ...settings, PUBLIC_URL: url })
  const isPointed = await point(config)
  return {
    url,
    close: async () => {
      if (isPointed) await putBack(config)
      await close()
    }
  }
}

async function openNgrok(settings: Readonly<Record<string, string | undefined>>) {
  const authtoken = settings['NGROK_AUTHTOKEN']
  if (!authtoken) throw new Mistake('NGROK_AUTHTOKEN: a tunnel needs it, from the ngrok dashboard (see .env.example).')
  const { default: ngrok } = await import('@ngrok/ngrok')
  try {
    const listener = await ngrok.forward({ addr: Number(settings['PORT'] || 5050), authtoken })
    return { url: listener.url() ?? '', close: () => listener.close() }
  } catch (error) {
    throw new Mistake(`The tunnel could not be opened: ${(error as Error).message.split('\n', 1)[0]}`)
  }
}

/** @returns whether the number was changed. A number that cannot be changed is no reason not to start. */
async function point(config: Config): Promise<boolean> {
  try {
    const change = await fix(config, { steal: false })
    if (!change) return false
    await change.apply()
    print(`${change.phoneNumber} calls ${change.to.voiceUrl} until this ends.`)
    return true
  } catch (error) {
    print(`The number was left as it is. ${problemOf(error)}`)
    return false
  }
}

async function putBack(config: Config): Promise<void> {
  try {
    const change = await undo(config)
    await change.apply()
    print(`${change.phoneNumber} calls ${change.to.voiceUrl || 'nobody'} again.`)
  } catch (error) {
    print(`The number was not put back: ${problemOf(error)} \`npm run doctor -- --undo\` tries it again.`)
  }
}

function problemOf(error: unknown): string {
  if (error instanceof CannotFix) return error.message
  return `Twilio could not be asked: ${(error as Error).message}.`
}
