/**
 * Where tools keep what has to outlive the call: messages, appointments. Values are JSON.
 * The server keeps them in its database (`records/agent-items.ts`).
 */
export interface AgentStore {
  /**
   * Keeps a value, unless the key is taken.
   * @returns false when the key is taken: two callers, on two servers, may ask for the same one
   */
  add(kind: string, key: string, value: unknown, owner: Owner): Promise<boolean>
  /** What is kept of a kind, oldest first. @param prefix how the keys begin; all keys when left out */
  list(kind: string, prefix?: string): Promise<readonly Kept[]>
  /** @returns how many values were erased */
  erase(whose: Whose): Promise<number>
}

/** The store as the tools of one call see it: what they add is the caller's, and is erased with them. */
export interface CallStore {
  add(kind: string, key: string, value: unknown): Promise<boolean>
  list(kind: string, prefix?: string): Promise<readonly Kept[]>
}

export interface Kept {
  readonly key: string
  readonly value: unknown
  /** When it was kept, in ms since the epoch. */
  readonly at: number
  readonly callSid: string
}

/** The call on which a value was kept. */
export interface Owner {
  readonly callSid: string
  /** The caller's number; undefined when it was withheld. */
  readonly caller: string | undefined
}

/** A caller's values, or those of one call. */
export type Whose = { readonly caller: string } | { readonly callSid: string }

/** The store for the tools of one call. @param owner asked at each `add`: the caller is known only when the stream opens */
export function storeOf(owner: () => Owner, store: AgentStore): CallStore {
  return {
    add: (kind, key, value) => store.add(kind, key, value, owner()),
    list: (kind, prefix) => store.list(kind, prefix)
  }
}

/** A store in memory, empty after a restart: what a server without a database has. */
export function memoryStore(): AgentStore {
  const items: (Kept & Owner & { readonly kind: string })[] = []
  return {
    async add(kind, key, value, owner) {
      if (items.some((item) => item.kind === kind && item.key === key)) return false
      // As a database keeps it: later changes of the value are not seen.
      items.push({ kind, key, value: JSON.parse(JSON.stringify(value)), at: Date.now(), ...owner })
      return true
    },
    async list(kind, prefix = '') {
      return items
        .filter((item) => item.kind === kind && item.key.startsWith(prefix))
        .map(({ key, value, at, callSid }) => ({ key, value, at, callSid }))
    },
    async erase(whose) {
      const isTheirs = (item: Owner) =>
        'caller' in whose ? item.caller === whose.caller : item.callSid === whose.callSid
      const before = items.length
      items.splice(0, before, ...items.filter((item) => !isTheirs(item)))
      return before - items.length
    }
  }
}
