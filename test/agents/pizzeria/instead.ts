import { registerHooks } from 'node:module'

/** `node --import` of this file: a process has the pizzeria as its agent, in place of the one in `src/agent/`. */
const example = new URL('../../../src/agent/', import.meta.url).href
const replaced = ['agent.ts', 'guardrails.ts', 'result.ts']

registerHooks({
  resolve(specifier, context, nextResolve) {
    const found = nextResolve(specifier, context)
    const name = replaced.find((file) => found.url === example + file)
    return name === undefined ? found : { ...found, url: new URL(name, import.meta.url).href }
  }
})
