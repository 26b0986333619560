import type { Call } from '../records/read.ts'

type Cell = string | number | boolean | null

/** A spreadsheet takes a cell that begins so for a formula, which may fetch and send. */
const FORMULA = /^[=+\-@\t\r]/

/** The columns, each with what it has of a call. */
const COLUMNS: Readonly<Record<string, (call: Call) => Cell>> = {
  id: ({ id }) => id,
  callSid: ({ callSid }) => callSid,
  direction: ({ direction }) => direction,
  from: ({ from }) => from,
  to: ({ to }) => to,
  agent: ({ agent }) => agent,
  startedAt: ({ startedAt }) => startedAt,
  endedAt: ({ endedAt }) => endedAt,
  durationMs: ({ durationMs }) => durationMs,
  endReason: ({ endReason }) => endReason,
  fault: ({ fault }) => fault,
  firstAudioMs: ({ firstAudioMs }) => firstAudioMs,
  responses: ({ responseMs }) => responseMs.n,
  responseP50Ms: ({ responseMs }) => responseMs.p50,
  responseP90Ms: ({ responseMs }) => responseMs.p90,
  responseMaxMs: ({ responseMs }) => responseMs.max,
  turns: ({ turns }) => turns,
  bargeIns: ({ bargeIns }) => bargeIns,
  reconnections: ({ reconnections }) => reconnections,
  tools: ({ tools }) => tools,
  costUsd: ({ costUsd }) => Math.round(costUsd * 1e6) / 1e6,
  telephonyEstimateUsd: ({ cost }) => cost.telephonyEstimate,
  recording: ({ recording }) => recording,
  resultState: ({ resultState }) => resultState,
  practice: ({ practice }) => practice,
  node: ({ node }) => node,
  version: ({ version }) => version
}

export const csvHeading = line(Object.keys(COLUMNS))

export function csvLine(call: Call): string {
  return line(Object.values(COLUMNS).map((of) => of(call)))
}

/** RFC 4180. */
function line(cells: readonly Cell[]): string {
  return `${cells.map(cell).join(',')}\r\n`
}

function cell(value: Cell): string {
  if (typeof value !== 'string') return value === null ? '' : String(value)
  const text = FORMULA.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
