import { print } from '../src/commands/print.ts'
import { loadDotenv } from '../src/dotenv.ts'
import { help } from './call/help.ts'
import { Mistake } from './call/mistake.ts'
import { readOrder } from './call/order.ts'
import { placeCall } from './call/place-call.ts'

async function main(args: string[]): Promise<string[]> {
  loadDotenv()
  try {
    const order = readOrder(args)
    if (!order.help) return await placeCall(order)
    print(help())
    return []
  } catch (error) {
    if (error instanceof Mistake) return [error.message]
    throw error
  }
}

const troubles = await main(process.argv.slice(2))
for (const trouble of troubles) process.stderr.write(`${trouble}\n`)
process.exitCode = troubles.length > 0 ? 1 : 0
