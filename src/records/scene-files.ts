import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** `ID.yaml` is a scene of `npm run eval` that was made of a call, `ID-1.wav` what its caller said first. */
const OF_A_CALL = /^(CA[0-9a-f]{32}|[0-9a-f-]{36})(?:-\d+\.wav|\.yaml)$/

/** Where scenes made of calls are: they have a caller's voice and words, so they are not among the others in `evals/`. */
export function scenesFolder(dataDir: string): string {
  return join(dataDir, 'evals')
}

/** The files of scenes made of calls, by their calls' ids. */
export async function sceneFiles(dataDir: string): Promise<Map<string, string[]>> {
  const folder = scenesFolder(dataDir)
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  const files = new Map<string, string[]>()
  for (const name of names) {
    const id = OF_A_CALL.exec(name)?.[1]
    if (id !== undefined) files.set(id, [...(files.get(id) ?? []), join(folder, name)])
  }
  return files
}

export async function deleteScenes(dataDir: string, callIds: readonly string[]): Promise<void> {
  // The names come from the folder: an id that was typed never becomes a path.
  const files = await sceneFiles(dataDir)
  for (const id of callIds) for (const file of files.get(id) ?? []) await rm(file, { force: true })
}
