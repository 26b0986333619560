import { parseArgs } from 'node:util'
import { print } from '../src/commands/print.ts'
import { environment, InvalidEnvironment, loadConfig } from '../src/config.ts'
import { loadDotenv } from '../src/dotenv.ts'
import { chat } from './chat/chat.ts'
import { PracticeModel } from './model/practice-model.ts'
import { PRICE_OF_A_LINE } from './who-pays.ts'

const HELP = `Talks to the agent in writing: what you type is what the caller says. Ctrl-D ends.

  npm run chat                  the real model with OPENAI_API_KEY set, here or in .env; else a practice model
  npm run chat -- --practice    the practice model, whatever is set

Lines may come through a pipe: printf 'Hello.\\nGoodbye.\\n' | npm run chat
`

async function main(args: string[]): Promise<string[]> {
  loadDotenv()
  try {
    const options = { practice: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const
    const { values } = parseArgs({ args, options })
    if (!values.help) return await open(values.practice || !environment['OPENAI_API_KEY'])
    print(HELP)
    return []
  } catch (error) {
    const isMistake =
      error instanceof InvalidEnvironment || /^ERR_PARSE_ARGS/.test(String((error as { code?: string }).code))
    if (isMistake) return [(error as Error).message]
    throw error
  }
}

async function open(isPractice: boolean): Promise<string[]> {
  const practice = isPractice ? await PracticeModel.listen() : undefined
  try {
    const config = loadConfig({ ...environment, ...practice?.settings })
    print(
      practice
        ? 'A practice model on this machine plays the agent.'
        : `OPENAI_API_KEY is set: the real model answers, ${PRICE_OF_A_LINE}; --practice costs nothing.`
    )
    print('Type what the caller says; Ctrl-D ends.\n')
    return await chat(config, { input: process.stdin, isTerminal: process.stdin.isTTY ?? false })
  } finally {
    await practice?.close()
  }
}

const troubles = await main(process.argv.slice(2))
for (const trouble of troubles) process.stderr.write(`${trouble}\n`)
process.exitCode = troubles.length > 0 ? 1 : 0
