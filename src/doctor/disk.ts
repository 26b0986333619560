import { constants, existsSync, statSync } from 'node:fs'
import { access, statfs } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { bad, type Check, ok, warn } from './finding.ts'

const GB = 1e9
/** 100 recorded calls take 1.6 MB a second. */
const LITTLE_GB = 1
const TOO_LITTLE_GB = 0.1

/** DATA_DIR, or the folder in which it will be made, can be written and has room. Nothing is made. */
export const disk: Check = async ({ config }) => {
  const { server, twilio, console } = config
  if (server.databaseUrl && twilio.authToken && console.token) {
    return [ok('here', 'disk', 'Nothing is kept on this disk: DATABASE_URL and both tokens are set.')]
  }
  const folder = nearestThatIsThere(resolve(server.dataDir))
  try {
    await access(folder, constants.W_OK)
    if (!statSync(folder).isDirectory()) throw new Error(`${folder} is no folder`)
  } catch (error) {
    const why = 'Records, recordings and this server’s own tokens are kept there.'
    const mend = 'Set DATA_DIR to a folder that this user may write to.'
    return [bad('here', 'disk', `DATA_DIR cannot be written: ${(error as Error).message}`, why, mend)]
  }
  const { bavail, bsize } = await statfs(folder)
  const free = (bavail * bsize) / GB
  const what = `DATA_DIR has ${free.toFixed(1)} GB free.`
  if (free >= LITTLE_GB) return [ok('here', 'disk', what)]
  const mend = 'Make room, set DATA_DIR to a larger disk, or lower KEEP_AUDIO_DAYS.'
  const why = 'On a full disk calls go on, and leave neither record nor recording.'
  return [(free < TOO_LITTLE_GB ? bad : warn)('here', 'disk', what, why, mend)]
}

function nearestThatIsThere(folder: string): string {
  return existsSync(folder) ? folder : nearestThatIsThere(dirname(folder))
}
