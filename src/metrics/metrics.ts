import { Registry } from '@prometheus-io/client'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Reader } from '../call/create-call.ts'
import type { Declined } from '../switchboard/switchboard.ts'
import { gauges, type Sources } from './gauges.ts'
import { type Instruments, instruments } from './instruments.ts'
import { AgentNames, refusalOf, rejectionOf } from './labels.ts'
import { processMetrics } from './process.ts'
import { ReadCall } from './read-call.ts'

/** The metrics of one server: a reader of its calls, and what it asks at a scrape. */
export class Metrics {
  readonly names: AgentNames
  readonly #registry = new Registry()
  readonly #instruments: Instruments
  readonly #stop: () => void

  /** @param guardrails those that every agent has */
  constructor(sources: Sources, guardrails: readonly { readonly name: string }[]) {
    this.names = new AgentNames(guardrails)
    this.#instruments = instruments(this.#registry)
    gauges(this.#registry, sources)
    this.#stop = processMetrics(this.#registry)
  }

  readonly reader: Reader = (call) => void new ReadCall(call, this.#instruments, this.names)

  readonly onDeclined = (why: Declined): void => this.#instruments.refused.inc({ why: refusalOf(why) })

  /** A hook of Twilio's routes. */
  readonly countRejection = async (_request: FastifyRequest, { statusCode }: FastifyReply): Promise<void> => {
    if (statusCode >= 400 && statusCode < 500) this.#instruments.rejected.inc({ why: rejectionOf(statusCode) })
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  /** Everything in Prometheus' text format. */
  scrape(): Promise<string> {
    return this.#registry.metrics()
  }

  close(): void {
    this.#stop()
  }
}

/** `GET /metrics`, in a scope that only the operator gets into. */
export async function metricsRoute(app: FastifyInstance, { metrics }: { metrics: Metrics }): Promise<void> {
  app.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.scrape()))
}
