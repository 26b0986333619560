import type { RealtimeOutputGuardrail } from '@openai/agents/realtime'

const noPineapple: RealtimeOutputGuardrail = {
  name: 'no pineapple',
  policyHint: 'There is no pineapple in this house.',
  async execute({ agentOutput }) {
    return { tripwireTriggered: /pineapple/i.test(agentOutput), outputInfo: {} }
  }
}

export const outputGuardrails: RealtimeOutputGuardrail[] = [noPineapple]
