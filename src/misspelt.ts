/** Shorter names are near to too many others: PORT is one letter from SORT. */
const SHORTEST = 7
/** Letters that are one too many, missing, wrong or swapped. */
const MOST_EDITS = 2

/**
 * Names in the environment that are nearly one of `known`, with the one they are near to. Most of an environment is
 * other programs' own; where the right name is set too, the other one is theirs.
 */
export function misspelt(names: readonly string[], known: readonly string[]): [name: string, meant: string][] {
  return names
    .filter((name) => !known.includes(name))
    .flatMap((name): [string, string][] => {
      const meant = nearest(name, known)
      return meant === undefined || names.includes(meant) ? [] : [[name, meant]]
    })
}

function nearest(name: string, known: readonly string[]): string | undefined {
  if (name.length < SHORTEST) return undefined
  const near = known
    .filter((setting) => setting.length >= SHORTEST)
    .map((setting) => ({ setting, far: edits(plain(name), plain(setting)) }))
    .toSorted((one, other) => one.far - other.far)[0]
  return near && near.far <= MOST_EDITS ? near.setting : undefined
}

/** The unit is what is most often left out of a name. */
const plain = (name: string): string => name.toUpperCase().replaceAll('_', '').replace(/MS$/, '')

/** Optimal string alignment: insertions, deletions, substitutions, and swaps of neighbours. */
function edits(one: string, other: string): number {
  let [before, last] = [[] as number[], Array.from({ length: other.length + 1 }, (_, at) => at)]
  for (let row = 1; row <= one.length; row++) {
    const current = [row]
    for (let column = 1; column <= other.length; column++) {
      const cost = one[row - 1] === other[column - 1] ? 0 : 1
      const isSwap = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1]
      current[column] = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + cost,
        isSwap ? (before[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY
      )
    }
    before = last
    last = current
  }
  return last[other.length] ?? 0
}
