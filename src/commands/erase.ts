import { eraseCall, eraseCaller } from '../records/erase.ts'
import { print } from './print.ts'
import { ADDRESS, BadUsage, command } from './with-store.ts'

const USAGE = `Erases a call, or a caller with all of their calls: words, recording, facts, messages and appointments.

  npm run erase -- --call CA…
  npm run erase -- --caller +15551230001
  --dry-run   only says how much there is to erase

A call that goes on is erased too: nothing more of it is kept. Backups are not erased.`

await command(
  USAGE,
  {
    call: { type: 'string' },
    caller: { type: 'string' },
    'dry-run': { type: 'boolean' }
  },
  async ({ values, positionals }, store) => {
    const { call, caller, 'dry-run': dryRun = false } = values
    if (positionals.length > 0) throw new BadUsage(`"${positionals[0]}" is no option. --help lists what there is.`)
    if ((call === undefined) === (caller === undefined)) {
      throw new BadUsage('expected either --call CA… or --caller +15551230001. --help lists what there is.')
    }
    if (call !== undefined && !/^[\w-]{1,64}$/.test(call)) throw new BadUsage('expected --call with the id of a call.')
    const { calls, items } =
      call === undefined
        ? await eraseCaller(store, caller ?? '', ADDRESS, { dryRun })
        : await eraseCall(store, call, ADDRESS, { dryRun })
    const what = `${count(calls, 'call')} and ${count(items, 'message or appointment', 'messages or appointments')}`
    print(dryRun ? `There is this to erase: ${what}.` : `Erased: ${what}.`)
  }
)

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`
}
