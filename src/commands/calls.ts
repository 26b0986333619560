import { styleText } from 'node:util'
import { BadRequest } from '../records/caller-number.ts'
import { type Call, callsPage, readCall } from '../records/read.ts'
import { localTime, print, seconds } from './print.ts'
import { dollars, lasted, tellCall, who } from './tell-call.ts'
import { BadUsage, command } from './with-store.ts'

const USAGE = `Lists the last calls, the newest first, or tells one of them.

  npm run calls                       the last 20
  npm run calls -- CA…                tells this one
  --limit 50                          more of them, 200 at most
  --number +15551230001               those from or to this number
  --find WORD                         those on which this was said, heard or generated
  --reason model_lost, --fault us     those that ended so`

const OPTIONS = {
  limit: { type: 'string' },
  number: { type: 'string' },
  find: { type: 'string' },
  reason: { type: 'string' },
  fault: { type: 'string' }
} as const

await command(USAGE, OPTIONS, async ({ values, positionals }, store, where) => {
  const [id, ...more] = positionals
  const { limit, number, find, reason, fault } = values
  if (more.length > 0) throw new BadUsage('expected one call at a time. --help lists what there is.')
  if (id !== undefined) {
    const whole = await readCall(store, id)
    if (!whole) throw new BadRequest(`no call ${id} is kept in ${where}`)
    return tellCall(whole)
  }
  const filters = { number, q: find, reason, fault }
  const { calls } = await callsPage(store, { limit: limit === undefined ? 20 : Number(limit), filters })
  if (calls.length === 0) print(`No such call is kept in ${where}.`)
  else printTable(calls)
})

function printTable(calls: readonly Call[]): void {
  const heading = ['when', 'who', 'how long', 'why it ended', 'fault', 'first word', 'response', 'cost', 'call']
  const rows = [heading, ...calls.map(rowOf)]
  const widths = heading.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)))
  for (const [index, row] of rows.entries()) {
    const line = row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ')
    print(index === 0 ? styleText('dim', line.trimEnd()) : line.trimEnd())
  }
}

function rowOf(call: Call): string[] {
  const { startedAt, endReason, fault, firstAudioMs, responseMs, costUsd, id } = call
  return [
    ...[localTime(startedAt), who(call), lasted(call), endReason ?? 'it goes on', fault ?? ''],
    ...[ms(firstAudioMs), ms(responseMs.p50), dollars(costUsd), id]
  ]
}

function ms(value: number | null): string {
  return value === null ? '' : seconds(value)
}
