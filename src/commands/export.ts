import { writeFile } from 'node:fs/promises'
import { exportCaller } from '../records/export.ts'
import { print } from './print.ts'
import { ADDRESS, BadUsage, command } from './with-store.ts'

const USAGE = `Writes everything that is kept of a caller as JSON.

  npm run export -- --caller +15551230001
  --out FILE   into a file that only you can read, which must not exist yet, instead of the terminal`

await command(
  USAGE,
  { caller: { type: 'string' }, out: { type: 'string' } },
  async ({ values, positionals }, store) => {
    const { caller, out } = values
    if (positionals.length > 0) throw new BadUsage(`"${positionals[0]}" is no option. --help lists what there is.`)
    if (caller === undefined) throw new BadUsage('expected --caller +15551230001. --help lists what there is.')
    const all = await exportCaller(store, caller, ADDRESS)
    const json = JSON.stringify(all, null, 2)
    if (out === undefined) return print(json)
    await writeFile(out, `${json}\n`, { mode: 0o600, flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
      throw new BadUsage(
        `--out: ${out} cannot be written: ${error.code === 'EEXIST' ? 'it is there already' : error.code}.`
      )
    })
    print(`${all.calls.length} ${all.calls.length === 1 ? 'call is' : 'calls are'} in ${out}.`)
  }
)
