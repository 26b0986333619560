import type { FastifyInstance } from 'fastify'
import type { AgentFor } from './agent/context.ts'
import { memoryStore } from './agent/store.ts'
import type { Call } from './call/call.ts'
import { contain } from './call/contain.ts'
import { createCall, type Reader } from './call/create-call.ts'
import type { CallSide } from './call/model-leg.ts'
import { runFor } from './call/owner.ts'
import { watchTools } from './call/tools.ts'
import type { Config } from './config.ts'
import type { Metrics } from './metrics/metrics.ts'
import { createLeg } from './realtime/create-leg.ts'
import { earlyOpening } from './realtime/early-opening.ts'
import type { RealtimeLeg } from './realtime/leg.ts'
import type { SessionSettings } from './realtime/session.ts'
import { WarmSockets } from './realtime/warm-sockets.ts'
import { agentItems } from './records/agent-items.ts'
import { earlierCalls } from './records/earlier.ts'
import type { Records } from './records/records.ts'
import type { Store } from './store/open.ts'
import { MemoryLines } from './switchboard/lines.ts'
import { Switchboard, type SwitchboardParts } from './switchboard/switchboard.ts'
import { MediaStream } from './twilio/media-stream.ts'
import { StreamTokens } from './twilio/stream-token.ts'
import type { Webhooks } from './webhooks/webhooks.ts'

/** Extra time for frames that come during the last attempt to reach a model, which may outlast MODEL_RECONNECT_MS. */
const HELD_BEYOND_BUDGET_MS = 5_000

/** The SDK's objects of a call. */
export type Sdk = Pick<RealtimeLeg, 'session' | 'transport'>

export interface SwitchboardOptions extends Pick<SessionSettings, 'outputGuardrails'> {
  readonly config: Config
  readonly authToken: string
  readonly agentFor: AgentFor
  readonly store: Store | undefined
  readonly now: () => Date
  readonly readers: readonly Reader[]
  readonly onCall: ((call: Call, sdk: Sdk) => void) | undefined
  readonly saveRecord: SwitchboardParts['saveRecord']
  readonly isDaySpent: SwitchboardParts['isDaySpent']
  readonly isOverloaded: SwitchboardParts['isOverloaded'] | undefined
  readonly metrics: Metrics
  readonly webhooks: Webhooks | undefined
  /** Keeps a call whose stream never came. */
  readonly onMissed: Records['onMissed'] | undefined
}

/** The switchboard and what its calls are made of: a caller's leg, a call, a model's leg. */
export function buildSwitchboard(app: FastifyInstance, options: SwitchboardOptions): Switchboard {
  const { config, authToken, agentFor, outputGuardrails, store, now, readers, onCall } = options
  const { saveRecord, isDaySpent, isOverloaded, metrics, webhooks, onMissed } = options
  const watchedAgentFor: AgentFor = (caller) => {
    const agent = agentFor(caller)
    watchTools(agent)
    metrics.names.know(agent)
    return agent
  }
  const settings = {
    ...config.openai,
    takesTurns: config.call.minInterruptionMs > 0 || config.call.protectGreeting,
    outputGuardrails
  }
  const warm = new WarmSockets(config.openai)
  const agentStore = store ? agentItems(store) : memoryStore()
  const recall = store && config.call.rememberCallers ? earlierCalls(store, app.log) : undefined
  const side = { store: agentStore, now, recall }
  const parts: SwitchboardParts = {
    lines: new MemoryLines((missed) => {
      onMissed?.(missed)
      webhooks?.onMissed(missed)
    }),
    tokens: new StreamTokens(authToken),
    warm,
    warmUp: (caller) => {
      // Read now, so that the stream need not wait for it.
      void recall?.(caller.claims)
      warm.warm(caller.claims.callSid, earlyOpening(caller, watchedAgentFor, settings, config, side))
    },
    createCall: (socket, tcp, { log, admit, isSpareDue }) => {
      const caller = new MediaStream(socket, tcp, config.call.modelReconnectMs + HELD_BEYOND_BUDGET_MS)
      let model: RealtimeLeg | undefined
      const createModelLeg = (call: CallSide) => {
        model = createLeg(call, {
          agentFor: watchedAgentFor,
          settings,
          apiKey: config.openai.apiKey,
          budgetMs: config.call.modelReconnectMs,
          openSocket: () => warm.open(),
          takeWarm: (callSid) => warm.take(callSid),
          spare: isSpareDue ? warm.open() : undefined,
          isListenedTo: onCall !== undefined
        })
        return model
      }
      const call = createCall({ config, log, caller, createModelLeg, admit, ...side }, readers)
      contain(
        () => runFor(call, () => model && onCall?.(call, model)),
        (error) => call.fail(error)
      )
      return call
    },
    saveRecord,
    isDaySpent,
    onDeclined: metrics.onDeclined,
    isOverloaded: isOverloaded ?? (() => app.isUnderPressure()),
    onNext: webhooks?.onNext,
    onPickedUp: webhooks?.onPickedUp
  }
  return new Switchboard(config, parts, app.log)
}
