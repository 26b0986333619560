import { randomBytes } from 'node:crypto'
import { access, constants, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { z } from 'zod'
import { InvalidEnvironment } from './config.ts'

// An empty key would sign for everybody, and a short one can be guessed.
const token = z.string().min(16)
const LocalServer = z.object({
  pid: z.number(),
  url: z.string(),
  // A token that is a setting stands in no file.
  twilioAuthToken: token.optional(),
  consoleToken: token.optional()
})

/** What the tools of this machine need of the server on a port: where it is, and what they show it. */
export type LocalServer = z.infer<typeof LocalServer>
/** What a server makes for itself where it is not set. */
export type LocalTokens = Pick<LocalServer, 'twilioAuthToken' | 'consoleToken'>
type TokenName = keyof LocalTokens
const SETTINGS: Readonly<Record<TokenName, string>> = {
  twilioAuthToken: 'TWILIO_AUTH_TOKEN',
  consoleToken: 'CONSOLE_TOKEN'
}

/** The file is what tells the tools of this machine from strangers: a request cannot. */
export function localFile(dataDir: string, port: number): string {
  return resolve(join(dataDir, 'local', `${port}.json`))
}

/** Undefined where no server has left a file that can be read. */
export async function readLocal(dataDir: string, port: number): Promise<LocalServer | undefined> {
  try {
    return LocalServer.parse(JSON.parse(await readFile(localFile(dataDir, port), 'utf8')))
  } catch {
    return undefined
  }
}

/**
 * The tokens that the port's last server left, else new ones: of those that are missing among the settings. Nothing is written yet: with PORT=0 the file's name is known
 * only when the server listens, and while another server has the port, the file is that one's.
 * @throws InvalidEnvironment when the file could not be written
 */
export async function localTokens(dataDir: string, port: number, missing: readonly TokenName[]): Promise<LocalTokens> {
  if (missing.length === 0) return {}
  const folder = dirname(localFile(dataDir, port))
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await access(folder, constants.W_OK)
  } catch (error) {
    const [why, names] = [(error as Error).message, missing.map((name) => SETTINGS[name]).join(' and ')]
    throw new InvalidEnvironment(`DATA_DIR: cannot be written, which a server without ${names} needs: ${why}`)
  }
  const kept = await readLocal(dataDir, port)
  return Object.fromEntries(missing.map((name) => [name, kept?.[name] ?? randomBytes(32).toString('base64url')]))
}

/** Atomic: a tool that reads the file meanwhile finds the old one or the new one, whole. */
export async function writeLocal(dataDir: string, port: number, server: LocalServer): Promise<void> {
  const file = localFile(dataDir, port)
  const unfinished = `${file}.${randomBytes(6).toString('hex')}`
  await writeFile(unfinished, `${JSON.stringify(server, undefined, 2)}\n`, { mode: 0o600, flag: 'wx' })
  await rename(unfinished, file)
}
