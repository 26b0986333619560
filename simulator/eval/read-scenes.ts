import { readFile } from 'node:fs/promises'
import { dirname, relative, resolve } from 'node:path'
import { isMap, isNode, isPair, LineCounter, type Node, parseDocument } from 'yaml'
import type { z } from 'zod'
import { Seed } from '../../evals/seed.ts'
import { Environment, InvalidEnvironment, loadConfig } from '../../src/config.ts'
import { Scene } from './scene.ts'

/** A scene and where it stands. */
export interface SceneFile {
  /** As in errors and reports: relative to the folder that `npm run` was called in. */
  readonly file: string
  /** The folder that its recordings are looked for in. */
  readonly folder: string
  readonly scene: Scene
}

/** Scenes that cannot be played; one line for each mistake, `FILE:LINE: message`. */
export class BadScenes extends Error {
  override name = 'BadScenes' as const
}

type Path = readonly PropertyKey[]

/** Reads them all. @throws BadScenes with every mistake in all of them */
export async function readScenes(files: readonly string[]): Promise<SceneFile[]> {
  const read = await Promise.all(files.map(readOne))
  const mistakes = read.flatMap((one) => ('mistakes' in one ? one.mistakes : []))
  const scenes = read.flatMap((one) => ('scene' in one ? [one] : []))
  if (mistakes.length > 0) throw new BadScenes(mistakes.join('\n'))
  for (const { file, scene } of scenes) {
    const other = scenes.find((one) => one.scene.name === scene.name && one.file !== file)
    if (other) throw new BadScenes(`${file}:1: the scene in ${other.file} is also called "${scene.name}"`)
  }
  return scenes
}

async function readOne(path: string): Promise<SceneFile | { readonly mistakes: readonly string[] }> {
  const file = relative('.', path)
  const source = await readFile(path, 'utf8').catch(() => undefined)
  if (source === undefined) return { mistakes: [`${file}:1: there is no such file`] }
  const lines = new LineCounter()
  const document = parseDocument(source, { lineCounter: lines })
  const at = (offset: number) => `${file}:${lines.linePos(offset).line}`
  if (document.errors.length > 0) {
    return { mistakes: document.errors.map(({ pos, message }) => `${at(pos[0])}: ${message.split(/ at line|\n/)[0]}`) }
  }
  const root = document.contents
  const tell = (issues: readonly Issue[]) => ({
    mistakes: issues
      .map((issue) => ({ ...issue, offset: offsetOf(root, issue.path) }))
      .toSorted((one, other) => one.offset - other.offset)
      .map(({ offset, names, message }) => `${at(offset)}: ${[...names, message].join(': ')}`)
  })
  const parsed = Scene.safeParse(document.toJS() ?? {})
  if (!parsed.success) return tell(parsed.error.issues.flatMap(inWords))
  const issues = [...seedIssues(parsed.data), ...settingIssues(parsed.data)]
  return issues.length > 0 ? tell(issues) : { file, folder: dirname(resolve(path)), scene: parsed.data }
}

interface Issue {
  readonly path: Path
  /** The names on the way to it, as somebody would say where it is. */
  readonly names: readonly string[]
  readonly message: string
}

function inWords(issue: z.core.$ZodIssue): Issue[] {
  const names = issue.path.filter((part) => typeof part === 'string')
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...issue.path, key], names, message: `there is no "${key}" here` }))
  }
  return [{ path: issue.path, names, message: issue.message }]
}

/** What a seed has besides the time is the agent's. */
function seedIssues({ seed: { now: _, ...seed } }: Scene): Issue[] {
  const issues = Seed.safeParse(seed).error?.issues.flatMap(inWords) ?? []
  return issues.map((issue) => ({ ...issue, path: ['seed', ...issue.path], names: ['seed', ...issue.names] }))
}

function settingIssues({ settings }: Scene): Issue[] {
  const unknown = Object.keys(settings).filter((name) => !Object.hasOwn(Environment.shape, name))
  const known = Object.fromEntries(Object.entries(settings).filter(([name]) => !unknown.includes(name)))
  const complaints = unknown.map((name) => `${name}: there is no such setting`)
  try {
    loadConfig({ OPENAI_API_KEY: 'sk-none', ...known })
  } catch (error) {
    if (!(error instanceof InvalidEnvironment)) throw error
    complaints.push(...error.message.replaceAll(' (see .env.example)', '').split('\n'))
  }
  return complaints.map((complaint) => ({
    path: ['settings', complaint.split(':', 1)[0] ?? ''],
    names: ['settings'],
    message: complaint
  }))
}

/** Where a path of the scene stands: the name of a pair, or the nearest thing around it that is there. */
function offsetOf(root: Node | null, path: Path): number {
  let [node, offset]: [unknown, number] = [root, startOf(root)]
  for (const part of path) {
    const found = isMap(node)
      ? node.items.find((pair) => `${isNode(pair.key) ? pair.key : ''}` === String(part))
      : ((node as { items?: unknown[] } | undefined)?.items?.[Number(part)] ?? undefined)
    if (!found) return offset
    offset = isPair(found) ? startOf(found.key) : startOf(found)
    node = isPair(found) ? found.value : found
  }
  return offset
}

const startOf = (node: unknown): number => (isNode(node) ? (node.range?.[0] ?? 0) : 0)
