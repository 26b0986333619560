import type { Config } from '../config.ts'
import type { Store } from '../store/open.ts'
import type { Writer } from '../store/writer.ts'
import type { Listening } from './listening.ts'

/** What the API's routes are made with. */
export interface ApiOptions {
  readonly config: Config
  readonly store: Store
  /** Of the package, and a hash of the agent. */
  readonly version: string
  readonly writer: Writer
  /** Undefined where LISTEN is false. */
  readonly listening: Listening | undefined
}
