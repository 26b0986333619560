import type { Turn } from '../brain.ts'
import { fieldsOf } from './arguments/schema.ts'
import { isHandoff } from './history.ts'
import { readInstructions } from './instructions.ts'
import { asWords, folded, meaningsOf } from './words.ts'

/** A tool or a handoff, and what it can be known by. */
export interface Offer {
  readonly name: string
  readonly description: string
  readonly parameters: unknown
  readonly isHandoff: boolean
  readonly meanings: {
    readonly name: ReadonlySet<string>
    readonly description: ReadonlySet<string>
    /** The names of its values, and the values there are. */
    readonly parameters: ReadonlySet<string>
    /** What is written about its values. */
    readonly details: ReadonlySet<string>
    /** What the instructions say this is for: "parcels, deliveries: hand off to Dispatch". */
    readonly occasions: ReadonlySet<string>
  }
  /** How the instructions put what this does: "take a message". */
  readonly doing: string | undefined
  /** For whatever nothing else is for. */
  readonly isLastResort: boolean
}

/** A handoff's description begins with this sentence of the SDK's. */
const BOILERPLATE = /^Handoff to the .*? agent to handle the request\.?\s*/
const ELSE =
  /\b(?:any|every|some)thing (?:else|that|other)\b|\bsonst\b|\balles (?:andere|übrige|weitere)\b|\bcualquier otra\b|\blo demás\b/i

export function offersOf(turn: Turn): Offer[] {
  const plain = turn.tools.map((name) => ({
    name,
    description: (turn.toolDescriptions[name] ?? '').replace(BOILERPLATE, ''),
    parameters: turn.toolParameters[name],
    isHandoff: isHandoff(name)
  }))
  const occasions = occasionsIn(turn.instructions, plain)
  return plain.map((tool) => {
    const own = occasions.filter((occasion) => occasion.tool === tool.name)
    const fields = fieldsOf(tool.parameters)
    return {
      ...tool,
      meanings: {
        name: meaningsOf(asWords(titleOf(tool.name))),
        description: meaningsOf(tool.description),
        parameters: meaningsOf(fields.map(({ path, options }) => asWords([...path, ...options].join(' '))).join(' ')),
        details: meaningsOf(fields.map(({ description }) => description).join(' ')),
        occasions: meaningsOf(own.map(({ occasion }) => occasion).join(' '))
      },
      doing: own[0]?.doing,
      isLastResort: ELSE.test(tool.description) || own.some(({ occasion }) => ELSE.test(occasion))
    }
  })
}

/** The agent's name for a handoff, the tool's own for a tool. */
export function titleOf(name: string): string {
  return isHandoff(name) ? name.replace(/^transfer_to_/, '').replace(/_?agent$/i, '') : name
}

/** What ends the call, by its name or by what it says of itself. */
export function hangUpIn(offers: readonly Offer[]): Offer | undefined {
  const hangsUp =
    /\bhang(?:s|ing)?[ _]?up\b|\b(?:end|finish|close|terminate)(?:e?s|ing)?[ _](?:the |this )?call\b|\bleg(?:t|e|en) auf\b|\bauflegen\b|\bbeende[nt]? (?:das Gespräch|den Anruf)|\bcolgar\b|\bcuelga\b|\btermina(?:r)? la llamada\b/i
  const tools = offers.filter((offer) => !offer.isHandoff)
  return tools.find(({ name }) => hangsUp.test(name)) ?? tools.find(({ description }) => hangsUp.test(description))
}

interface Occasion {
  readonly occasion: string
  readonly doing: string
  readonly tool: string
}

/** "To change a booking, take a message: …" */
const CONDITION = /^((?:To|For|When|If|Wenn|Um|Für|Bei|Falls|Si|Para|Cuando)\b[^:]+?), ([^:]+)/s

type Plain = Pick<Offer, 'name' | 'description' | 'isHandoff'>

/** Sentences of the instructions that send the caller somewhere: when, and where to. */
function occasionsIn(instructions: string, tools: readonly Plain[]): Occasion[] {
  return readInstructions(instructions).flatMap(({ text, heading }) => {
    const [, when = text, what = text] = text.match(CONDITION) ?? text.match(/^(.+?):\s+(.+)$/s) ?? []
    return alternativesIn(what).flatMap((doing) => {
      const tool = toolFor(doing, tools)
      return tool ? [{ occasion: `${when} ${heading}`, doing: doing.replace(/[.;]$/, ''), tool: tool.name }] : []
    })
  })
}

/** What to offer a caller for whom nothing here is: "put them through, or take a message", as far as there are tools for it. */
export function lastResortIn(instructions: string, offers: readonly Offer[]): string[] {
  const found = readInstructions(instructions).find(({ text }) => ELSE.test(text) && text.includes(': '))
  const alternatives = alternativesIn(found?.text.slice(found.text.indexOf(': ') + 2).replace(/\.$/, '') ?? '')
  return alternatives.filter((alternative) =>
    toolFor(
      alternative,
      offers.filter(({ isHandoff }) => !isHandoff)
    )
  )
}

const alternativesIn = (text: string): string[] => text.split(/,?\s+(?:or|oder|o)\s+|;\s+/)

/** The tool that is named here, or whose doing this is: "order a taxi" is order_taxi. */
function toolFor(text: string, tools: readonly Plain[]): Plain | undefined {
  const words = folded(text).join(' ')
  const named = tools.find(
    (tool) =>
      words.includes(folded(asWords(titleOf(tool.name))).join(' ')) && (tool.isHandoff || text.includes(tool.name))
  )
  if (named) return named
  const meant = meaningsOf(text)
  return tools.find(({ name, description, isHandoff }) => {
    const title = meaningsOf(asWords(titleOf(name)))
    if (title.size > 0 && [...title].every((meaning) => meant.has(meaning))) return true
    if (isHandoff) return false
    const shared = [...meaningsOf(`${asWords(name)} ${description}`)].filter((meaning) => meant.has(meaning))
    return shared.length >= 2 && shared.length === meant.size
  })
}
