import type { AddressInfo } from 'node:net'
import { buildApp } from '../../src/app.ts'
import { environment, loadConfig } from '../../src/config.ts'
import { openStore } from '../../src/store/open.ts'
import { answerParent } from './parent.ts'

/** This server as `src/server.ts` builds it: `ours`, with the records of its calls kept in SQLite. */
const config = loadConfig(environment)
const app = await buildApp(config, { store: await openStore(config.server) })
await app.listen({ port: 0, host: '127.0.0.1' })
answerParent((app.server.address() as AddressInfo).port)
