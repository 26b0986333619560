import type { Usage } from '../call/events.ts'

/** When these prices were read, and where: OpenAI's model pages, Twilio's price list for US numbers. */
export const PRICES_OF = '2026-11-24'

/** US dollars for a million tokens. */
interface TokenPrices {
  readonly textIn: number
  readonly cachedText: number
  readonly textOut: number
  readonly audioIn: number
  readonly cachedAudio: number
  readonly audioOut: number
}

const REALTIME_2 = { textIn: 4, cachedText: 0.4, textOut: 24, audioIn: 32, cachedAudio: 0.4, audioOut: 64 }
const TOKENS: Readonly<Record<string, TokenPrices>> = {
  'gpt-realtime-2.1': REALTIME_2,
  'gpt-realtime-2': REALTIME_2,
  'gpt-realtime-2.1-mini': {
    ...{ textIn: 0.6, cachedText: 0.06, textOut: 2.4 },
    ...{ audioIn: 10, cachedAudio: 0.3, audioOut: 20 }
  },
  'gpt-realtime-1.5': { textIn: 4, cachedText: 0.4, textOut: 16, audioIn: 32, cachedAudio: 0.4, audioOut: 64 }
}

/** US dollars for a million tokens of the models that read and write text. */
const TEXT: Readonly<Record<string, Pick<TokenPrices, 'textIn' | 'cachedText' | 'textOut'>>> = {
  'gpt-6-luna': { textIn: 0.1, cachedText: 0.01, textOut: 0.5 },
  'gpt-6-sol': { textIn: 2, cachedText: 0.2, textOut: 10 },
  'gpt-6.1-sol': { textIn: 2, cachedText: 0.1, textOut: 10 },
  'gpt-6.1-terra': { textIn: 1, cachedText: 0.05, textOut: 5 },
  'gpt-6-astra': { textIn: 10, cachedText: 1, textOut: 50 },
  'gpt-5.6-luna': { textIn: 0.2, cachedText: 0.02, textOut: 1.2 },
  'gpt-5.6-terra': { textIn: 2, cachedText: 0.2, textOut: 12 },
  'gpt-5.6-sol': { textIn: 5, cachedText: 0.5, textOut: 30 }
}

/** US dollars for a minute of audio that is transcribed. */
const TRANSCRIPTION: Readonly<Record<string, number>> = { 'gpt-transcribe': 0.0045 }
/** Of a transcription that is counted in tokens: the caller's audio has one for 100 ms. (OpenAI: Realtime costs) */
const AUDIO_TOKENS_A_SECOND = 10

/** US dollars for a started minute: the number, inbound, and the media stream. What a carrier bills depends on the country. */
const TELEPHONY_A_MINUTE = 0.0085 + 0.0044

export interface Cost {
  /** US dollars. */
  readonly model: number
  readonly transcription: number
  /** Of the text models that work after a call. */
  readonly analysis: number
  /** Not a bill: see TELEPHONY_A_MINUTE. */
  readonly telephonyEstimate: number
}

/** Whether this model's tokens have a price here. */
export function hasPrice(model: string): boolean {
  return pricesOf(model) !== undefined
}

/**
 * What one response or transcription cost, in US dollars; undefined for a model without a price. Cached tokens are part
 * of the input's tokens. (OpenAI Realtime API, RealtimeResponseUsage)
 */
export function usd({ model, ...usage }: Usage & { readonly model: string }): number | undefined {
  const minute = TRANSCRIPTION[model]
  if (minute !== undefined) return ((usage.seconds || usage.audioIn / AUDIO_TOKENS_A_SECOND) / 60) * minute
  const prices = pricesOf(model)
  if (!prices) return undefined
  const { textIn, cachedText, textOut, audioIn, cachedAudio, audioOut } = usage
  const millionths =
    (textIn - cachedText) * prices.textIn +
    cachedText * prices.cachedText +
    textOut * prices.textOut +
    (audioIn - cachedAudio) * prices.audioIn +
    cachedAudio * prices.cachedAudio +
    audioOut * prices.audioOut
  return millionths / 1_000_000
}

/** @param durationMs of the call so far */
export function costOf(usage: Iterable<Usage & { readonly model: string }>, durationMs: number): Cost {
  let model = 0
  let transcription = 0
  let analysis = 0
  for (const one of usage) {
    if (one.model in TRANSCRIPTION) transcription += usd(one) ?? 0
    else if (undated(one.model) in TEXT) analysis += usd(one) ?? 0
    else model += usd(one) ?? 0
  }
  return { model, transcription, analysis, telephonyEstimate: Math.ceil(durationMs / 60_000) * TELEPHONY_A_MINUTE }
}

function pricesOf(model: string): TokenPrices | undefined {
  const text = TEXT[undated(model)]
  return text ? { ...text, audioIn: 0, cachedAudio: 0, audioOut: 0 } : TOKENS[undated(model)]
}

/** A dated snapshot costs what its model costs: `gpt-realtime-2.1-2026-09-01`. */
function undated(model: string): string {
  return model.replace(/-20\d\d-\d\d-\d\d$/, '')
}
