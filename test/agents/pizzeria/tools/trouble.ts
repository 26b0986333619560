import type { CallRunContext } from '../../../../src/agent/context.ts'

interface ToolDetails {
  readonly toolCall?: { readonly name: string }
}

const answering = (sentence: string) => (context: CallRunContext, error: unknown, details?: ToolDetails) => {
  context.context.call.toolFailed(details?.toolCall?.name, error)
  return sentence
}

/** Every tool spreads this: what went wrong is in the log, and the host hears a sentence. */
export const trouble = {
  errorFunction: answering('This could not be done. Apologise to the guest.'),
  timeoutErrorFunction: answering('This took too long. Apologise to the guest.')
}
