/** Thrown when a wait ended without its item; the message lists the items that did arrive. */
export class NothingCame extends Error {
  override name = 'NothingCame' as const
}

type Waiter<T> = { wants: (item: T) => boolean; take: (item: T) => void }

/**
 * A queue that loses nothing: items wait to be read, and waiting readers get items in the order of their calls. `next`
 * takes the first match and drops nothing else, so that a test can look for things in any order.
 */
export class Inbox<T> {
  /** Every item that arrived, in order. */
  readonly all: T[] = []
  #unread: T[] = []
  #waiters: Waiter<T>[] = []
  readonly #followers: ((item: T) => void)[] = []
  readonly #name: string
  readonly #describe: (item: T) => string

  constructor(name: string, describe: (item: T) => string = (item) => JSON.stringify(item)?.slice(0, 160) ?? '') {
    this.#name = name
    this.#describe = describe
  }

  push(item: T): void {
    this.all.push(item)
    for (const tell of this.#followers) tell(item)
    const index = this.#waiters.findIndex((waiter) => waiter.wants(item))
    const [waiter] = index < 0 ? [] : this.#waiters.splice(index, 1)
    if (waiter) waiter.take(item)
    else this.#unread.push(item)
  }

  /** Calls `tell` with every past and future item, in order. The items stay unread. */
  follow(tell: (item: T) => void): void {
    for (const item of this.all) tell(item)
    this.#followers.push(tell)
  }

  /** The first unread item that matches, now or within `limitMs` (default 5000). @throws NothingCame */
  next(wants: (item: T) => boolean = () => true, limitMs = 5_000): Promise<T> {
    const index = this.#unread.findIndex(wants)
    const [item] = index < 0 ? [] : this.#unread.splice(index, 1)
    if (item !== undefined) return Promise.resolve(item)
    // Created here, so that its stack names the line that waits.
    const error = new NothingCame()
    return new Promise((resolve, reject) => {
      const waiter = {
        wants,
        take: (found: T) => {
          clearTimeout(timer)
          resolve(found)
        }
      }
      const timer = setTimeout(() => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter)
        const came = this.all.slice(-20).map((other) => `  ${this.#describe(other)}`)
        error.message = `${this.#name}: nothing matched within ${limitMs} ms. Last of ${this.all.length} that came:\n${came.join('\n')}`
        reject(error)
      }, limitMs)
      this.#waiters.push(waiter)
    })
  }
}
