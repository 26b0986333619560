import type { RealtimeOutputGuardrail } from '@openai/agents/realtime'

/**
 * Patterns for the agent's words. They run while the agent speaks, so they must be fast. A guardrail that trips cuts
 * the agent off mid-sentence, so the patterns rather miss a case than raise a false alarm.
 * They know English only; the instructions hold in every language.
 */
const medicine = '(ibuprofen|paracetamol|acetaminophen|aspirin|amoxicillin|antibiotics?|pain ?killers?|blood thinners?)'
const condition = '(abscess|infection|cavity|gum disease|gingivitis|fracture|dry socket)'
const dose =
  '(\\d+|an?|half|one|two|three|four|five|six|eight|ten|hundred|thousand) ?(mg|milligrams?|ml|millilit(er|re)s?|tablets?|pills?|capsules?)'
const advised = "you (can|could|should|shouldn't|may|must|need to|don't need to)( not)?( stop| start| keep)?"
// Excludes "Ask the dentist whether you should take aspirin", which the agent may say.
const notAsked = '(?<!\\b(if|whether|do|did|said|that) )'

const advice: readonly RegExp[] = [
  new RegExp(`${notAsked}\\b(${advised}|please|try|i'd|i would) (take|taking|use|using)\\b[^.?!]*\\b${dose}\\b`, 'i'),
  new RegExp(`(^|[.!?,] )take\\b[^.?!]*\\b${dose}\\b`, 'i'),
  new RegExp(`${notAsked}\\b${advised} (take|taking|use|using)\\b[^.?!]*\\b${medicine}\\b`, 'i'),
  new RegExp(
    `${notAsked}\\byou (probably|likely|clearly|definitely) (have|need)( an?)?( \\w+)? (${condition}|root canal)\\b`,
    'i'
  ),
  new RegExp(`\\b(it|that) (sounds|looks) like( you have)?( an?)?( \\w+)? ${condition}\\b`, 'i')
]

export function isMedicalAdvice(text: string): boolean {
  return advice.some((pattern) => pattern.test(text))
}

const noMedicalAdvice: RealtimeOutputGuardrail = {
  name: 'no medical advice',
  policyHint: 'Never name a diagnosis, a medicine to take or a dose. Offer an appointment or a message to the dentist.',
  async execute({ agentOutput }) {
    return { tripwireTriggered: isMedicalAdvice(agentOutput), outputInfo: {} }
  }
}

export const outputGuardrails: RealtimeOutputGuardrail[] = [noMedicalAdvice]
