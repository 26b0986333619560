import type { FastifyInstance } from 'fastify'
import type { Reader } from '../call/create-call.ts'
import type { Config } from '../config.ts'
import { type Alert, Alerts } from './alerts.ts'
import type { Sources } from './gauges.ts'
import { Metrics } from './metrics.ts'

export interface Watched {
  readonly metrics: Metrics
  readonly readers: readonly Reader[]
}

export interface WatchOptions {
  readonly config: Config
  /** Undefined where nothing is kept. */
  readonly store: Sources['store']
  /** Those that every agent has. */
  readonly guardrails: readonly { readonly name: string }[]
  /** Told of each alert, which is a line of the log too. */
  readonly onAlert: (alert: Alert) => void
}

/** Measures every call of this server, and raises alerts. Both end with the server. */
export function watchCalls(app: FastifyInstance, { config, store, guardrails, onAlert }: WatchOptions): Watched {
  const metrics = new Metrics({ maxCalls: config.call.maxCalls, calls: () => app.calls.list(), store }, guardrails)
  const alerts = new Alerts(config.call.maxDayCostUsd, (alert) => {
    const { name, value, threshold } = alert
    if (alert.state === 'fired') app.log.warn({ alert: name, value, threshold }, 'an alert has fired')
    else app.log.info({ alert: name, value, threshold }, 'an alert is over')
    onAlert(alert)
  })
  app.addHook('onClose', async () => {
    metrics.close()
    alerts.close()
  })
  return { metrics, readers: [metrics.reader, alerts.reader] }
}
