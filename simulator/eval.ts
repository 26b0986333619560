import { print } from '../src/commands/print.ts'
import { BadUsage } from '../src/commands/with-store.ts'
import { environment, InvalidEnvironment, loadStoreSettings } from '../src/config.ts'
import { loadDotenv } from '../src/dotenv.ts'
import { Mistake } from './call/mistake.ts'
import { evaluate } from './eval/evaluate.ts'
import { sceneFromCall } from './eval/from-call.ts'
import { readOrder, USAGE } from './eval/options.ts'
import { panel } from './eval/panel/panel.ts'
import { BadScenes } from './eval/read-scenes.ts'

/** @returns the exit code */
async function main(args: string[]): Promise<number> {
  loadDotenv()
  try {
    const order = readOrder(args)
    if (order.help) print(USAGE)
    else if (order.fromCall) print(await sceneFromCall(order.fromCall, loadStoreSettings(environment)))
    else if (!(await (order.panel ? panel(order.panel) : evaluate(order)))) return 1
    return 0
  } catch (error) {
    const isTheirs = [BadUsage, BadScenes, InvalidEnvironment, Mistake].some((kind) => error instanceof kind)
    if (!isTheirs) throw error
    process.stderr.write(`${(error as Error).message}\n`)
    return 2
  }
}

process.exitCode = await main(process.argv.slice(2))
