import { createInterface } from 'node:readline'
import { parseArgs, styleText } from 'node:util'
import { environment, InvalidEnvironment, loadConfig } from '../config.ts'
import { examine, settingsFindings } from '../doctor/examine.ts'
import { type Finding, type Group, worstOf } from '../doctor/finding.ts'
import { CannotFix, type Change, fix, undo } from '../doctor/fix.ts'
import { ring } from '../doctor/ring.ts'
import { loadDotenv } from '../dotenv.ts'
import { readLocal } from '../local.ts'
import { phoneNumber } from '../phone-number.ts'
import { print } from './print.ts'

const USAGE = `npm run doctor -- [--json]          looks at everything between a caller and the agent
npm run doctor -- --fix [--yes] [--steal]   points the number at this server
npm run doctor -- --undo [--yes]    puts back what --fix replaced
npm run doctor -- --call +1…        rings this number once, which Twilio and OpenAI bill

It ends with 0 (well), 1 (warnings) or 2 (bad).`

const OPTIONS = {
  json: { type: 'boolean', default: false },
  fix: { type: 'boolean', default: false },
  undo: { type: 'boolean', default: false },
  call: { type: 'string' },
  yes: { type: 'boolean', default: false },
  steal: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false }
} as const

const TITLES: Readonly<Record<Group, string>> = {
  here: 'This machine',
  settings: 'Settings',
  model: 'Model',
  address: 'Public address',
  twilio: 'Twilio'
}
const SIGNS = { ok: styleText('green', 'ok  '), warn: styleText('yellow', 'warn'), bad: styleText('red', 'bad ') }
const EXIT_CODES = { ok: 0, warn: 1, bad: 2 }

/** `npm run doctor` */
async function main(): Promise<number> {
  const { values } = parseArgs({ options: OPTIONS })
  if (values.help) {
    print(USAGE)
    return 0
  }
  loadDotenv()
  if (values.fix || values.undo) return change(values)
  if (values.call !== undefined) return call(values.call)
  const findings = await findingsOf()
  if (values.json) print(JSON.stringify({ findings, worst: worstOf(findings) }, undefined, 2))
  else tell(findings)
  return EXIT_CODES[worstOf(findings)]
}

async function findingsOf(): Promise<Finding[]> {
  try {
    const config = loadConfig(environment)
    const { port, dataDir } = config.server
    const local = await readLocal(dataDir, port)
    const authToken = config.twilio.authToken ?? local?.twilioAuthToken
    return await examine({ config, authToken, localUrl: `http://127.0.0.1:${port}` })
  } catch (error) {
    if (error instanceof InvalidEnvironment) return settingsFindings(error)
    throw error
  }
}

async function call(to: string): Promise<number> {
  if (!phoneNumber.safeParse(to).success) {
    process.stderr.write('Expected a number like +15551230001 after --call.\n')
    return 2
  }
  const config = loadConfig(environment)
  const { port, dataDir } = config.server
  const consoleToken = config.console.token ?? (await readLocal(dataDir, port))?.consoleToken
  const isHeard = await ring({ config, to, consoleToken, localUrl: `http://127.0.0.1:${port}`, tell: print })
  return isHeard ? 0 : 2
}

function tell(findings: readonly Finding[]): void {
  for (const [group, title] of Object.entries(TITLES)) {
    const own = findings.filter((finding) => finding.group === group)
    if (own.length === 0) continue
    print(styleText('bold', title))
    for (const { state, what, why, mend } of own) {
      print(`  ${SIGNS[state]}  ${what}`)
      if (why !== '') print(`        ${why}`)
      if (mend !== '') print(`        -> ${mend}`)
    }
  }
}

async function change(options: { fix: boolean; yes: boolean; steal: boolean }): Promise<number> {
  const config = loadConfig(environment)
  const wanted = options.fix ? await fix(config, options) : await undo(config)
  if (!wanted) {
    print('The number points at this server already.')
    return 0
  }
  show(wanted)
  if (!options.yes && !(await agrees())) {
    print('Nothing was changed.')
    return 1
  }
  await wanted.apply()
  print(options.fix ? 'Done. `npm run doctor -- --undo` puts it back.' : 'Done.')
  return 0
}

function show({ phoneNumber, from, to }: Change): void {
  print(phoneNumber)
  print(styleText('red', `  - ${from.voiceMethod} ${from.voiceUrl || '(nobody)'}`))
  print(styleText('green', `  + ${to.voiceMethod} ${to.voiceUrl || '(nobody)'}`))
}

/** One line of standard input; its end means no. */
async function agrees(): Promise<boolean> {
  process.stdout.write('Change it? [y/N] ')
  const lines = createInterface({ input: process.stdin })
  for await (const line of lines) {
    lines.close()
    return /^y(es)?$/i.test(line.trim())
  }
  print('')
  return false
}

try {
  process.exitCode = await main()
} catch (error) {
  const isUsage = String((error as { code?: unknown }).code).startsWith('ERR_PARSE_ARGS')
  if (!isUsage && !(error instanceof InvalidEnvironment) && !(error instanceof CannotFix)) throw error
  process.stderr.write(`${(error as Error).message}\n`)
  process.exitCode = 2
}
