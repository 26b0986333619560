export interface Call {
  readonly id: string
  readonly callSid: string | null
  readonly direction: string
  readonly from: string | null
  readonly to: string | null
  readonly agent: string | null
  readonly node: string
  readonly version: string
  readonly practice: boolean
  readonly parameters: Readonly<Record<string, string>>
  readonly startedAt: string
  readonly answeredAt: string | null
  readonly endedAt: string | null
  readonly durationMs: number | null
  readonly endReason: string | null
  readonly fault: string | null
  readonly firstAudioMs: number | null
  readonly responseMs: {
    readonly n: number
    readonly p50: number | null
    readonly p90: number | null
    readonly max: number | null
  }
  readonly turns: number
  readonly bargeIns: number
  readonly reconnections: number
  readonly tools: number
  readonly costUsd: number
  readonly cost: {
    readonly model: number
    readonly transcription: number
    readonly analysis: number
    readonly telephonyEstimate: number
  }
  readonly recording: 'none' | 'kept' | 'deleted'
  readonly consent: Readonly<Record<string, unknown>> | null
  readonly resultState: string
}

export interface Stations {
  readonly voiceEnd: number | null
  readonly vadStop: number | null
  readonly committed: number | null
  readonly answerStarted: number | null
  readonly firstToken: number | null
  readonly firstAudio: number | null
  readonly sent: number | null
  readonly heard: number | null
}

export interface Turn {
  readonly id: string
  readonly who: 'caller' | 'agent'
  readonly agent: string | null
  readonly text: string | null
  readonly generatedText: string | null
  readonly textState: 'final' | 'partial' | 'never'
  readonly cut: boolean
  readonly startMs: number | null
  readonly endMs: number | null
  readonly sentMs: number | null
  readonly heardMs: number | null
  readonly tool: boolean
  readonly toolMs: number | null
  readonly stream: string
  readonly stations: Stations
}

export interface CallEvent {
  readonly seq: number
  readonly atMs: number
  readonly type: string
  readonly stream: string
  readonly [field: string]: unknown
}

export interface Usage {
  readonly responseId: string | null
  readonly model: string
  readonly textIn: number
  readonly audioIn: number
  readonly cachedText: number
  readonly cachedAudio: number
  readonly textOut: number
  readonly audioOut: number
  readonly seconds: number
  readonly usd: number | null
}

export interface Delivery {
  readonly webhookId: string
  readonly type: string
  readonly attempts: number
  readonly status: number | null
  readonly state: 'pending' | 'delivered' | 'dead' | 'disabled'
  readonly at: string
}

export interface WholeCall {
  readonly call: Call
  readonly turns: readonly Turn[]
  readonly events: readonly CallEvent[]
  readonly usage: readonly Usage[]
  readonly result: Readonly<Record<string, unknown>> | null
  readonly deliveries: readonly Delivery[]
}
