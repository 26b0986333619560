/** The used part of the inspector's CPU profile. */
export interface Profile {
  readonly nodes: readonly ProfileNode[]
  readonly samples?: readonly number[]
  readonly timeDeltas?: readonly number[]
}

interface ProfileNode {
  readonly id: number
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
}

export interface SelfTime {
  readonly name: string
  /** The share of the time in which the process worked, 0 to 1. */
  readonly share: number
}

/** Frames of waiting and of the profiler itself. */
const NOT_OURS = /^\(idle\)|^post node:inspector/

/** The functions in which most time was spent, callees not counted. */
export function topSelfTimes(profile: Profile, count: number): SelfTime[] {
  const names = new Map(profile.nodes.map((node) => [node.id, describe(node)]))
  const times = new Map<string, number>()
  let busy = 0
  for (const [index, id] of (profile.samples ?? []).entries()) {
    const name = names.get(id) ?? ''
    if (NOT_OURS.test(name)) continue
    const time = profile.timeDeltas?.[index] ?? 0
    busy += time
    times.set(name, (times.get(name) ?? 0) + time)
  }
  const sorted = [...times].sort(([, a], [, b]) => b - a).slice(0, count)
  return sorted.map(([name, time]) => ({ name, share: time / busy }))
}

function describe({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string {
  if (url === '') return functionName
  const file = url.replace(/^.*\/node_modules\//, '').replace(/^file:\/\/.*?\/(?=src\/|bench\/)/, '')
  return `${functionName || '(anonymous)'} ${file}:${lineNumber + 1}`
}
