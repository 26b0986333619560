import { spawn } from 'node:child_process'
import { loadDotenv } from '../src/dotenv.ts'

loadDotenv()
const ngrok = spawn('ngrok', ['start', '--all', '--config', 'ngrok.yml'], { stdio: 'inherit' })
ngrok.once('error', ({ code, message }: NodeJS.ErrnoException) => {
  const what = code === 'ENOENT' ? 'ngrok is not installed here: get it from https://ngrok.com/download' : message
  process.stderr.write(`${what}.\n`)
  process.exitCode = 1
})
ngrok.once('exit', (code) => {
  process.exitCode = code ?? 1
})
// Ctrl-C reaches ngrok too, which ends by itself.
process.on('SIGINT', () => {})
