import { PRICE_OF_TALK } from '../who-pays.ts'
import { scenes } from './scenes.ts'

export function help(): string {
  const list = Object.entries(scenes).map(([name, { about }]) => `  ${name.padEnd(12)} ${about}`)
  return `Calls the agent on this machine, without a phone, and tells what happens.

  npm run call                              plays the default scene
  npm run call -- --say "Are you open?"     says what you want

Steps, played in the order in which they are written, each when the agent has fallen silent:
  --say TEXT       speaks it
  --wav FILE       plays a recording; what it says may stand in a .txt beside it
  --press KEYS     presses keys: 0 to 9, * and #
  --barge-in       the next --say or --wav interrupts: it begins 1 s after the agent does

  --scene NAME     plays a scene from simulator/call/scenes.ts
  --practice       has the practice model play the agent, whatever key is set
  --url URL        rings a server that is running already instead of starting one
  --auth-token TOKEN   what that server checks signatures with; a server of this machine
                   that made its own left it in DATA_DIR, where it is found
  --record FILE    where the call is kept, caller left, agent right (call.wav)
  --log            shows the server's log at the end

Scenes:
${list.join('\n')}

With OPENAI_API_KEY set, here or in .env, the agent is the real model and the call is billed, ${PRICE_OF_TALK}.
Without it, or with --practice, a practice model on this machine plays the agent: it knows the agent's instructions and
tools as any model does, and goes by the words it shares with the caller, in English, German and Spanish.
Ctrl-C hangs up.
`
}
