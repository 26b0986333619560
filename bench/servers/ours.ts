import type { AddressInfo } from 'node:net'
import { buildApp } from '../../src/app.ts'
import { environment, loadConfig } from '../../src/config.ts'
import { answerParent } from './parent.ts'

/** This server without a store: the calls alone. */
const config = loadConfig(environment)
const app = await buildApp(config)
await app.listen({ port: 0, host: '127.0.0.1' })
answerParent((app.server.address() as AddressInfo).port)
