import type { Turn } from '../brain.ts'
import type { Item } from '../conversation.ts'
import { isNo, isYes, optionsIn, picked } from './arguments/choices.ts'
import { type Filled, fill, type Source } from './arguments/fill.ts'
import { factFor } from './facts.ts'
import { type Answered, calledSince, isHandoff, lastAnswered, lastWordsOfAgent, saidIn } from './history.ts'
import { todayIn } from './instructions.ts'
import { isAsking, isCancel, isFarewell } from './manners.ts'
import { hangUpIn, type Offer, offersOf } from './offers.ts'
import { meaningsOf, weightOf } from './words.ts'

/** A tool to call, or an agent to hand over to, and what its arguments come from. */
export interface Plan {
  readonly offer: Offer
  readonly source: Source
}

/** A word says this much for a tool, by where it stands. */
const SAYS = { name: 1.5, description: 1, occasions: 0.8, parameters: 0.6, details: 0.3 }
/** "How much is a large one?" does not order one. */
const SAYS_WHEN_ASKED = { ...SAYS, parameters: 0.3 }
const PLACES = ['name', 'description', 'occasions', 'parameters', 'details'] as const
const ENOUGH = 0.5
/** A wish is looked for no further back than this many of the caller's turns. */
const FARTHEST = 8

export const filledFor = ({ offer, source }: Plan): Filled => fill(offer, source)

/** Chooses the tool or the handoff for what the caller says, from the words and from what was said and done before. */
export class Planner {
  readonly offers: readonly Offer[]
  readonly #instructions: string
  readonly #today: string | undefined
  readonly #tried: ReadonlySet<string>

  constructor(turn: Turn) {
    this.offers = offersOf(turn)
    this.#instructions = turn.instructions
    this.#today = todayIn(turn.instructions)
    // A handoff that was tried since the caller spoke: two agents could hand them to and fro for ever.
    const last = saidIn(turn.items).at(-1)
    this.#tried = new Set(last ? calledSince(turn.items, last.at).filter(isHandoff) : [])
  }

  /** Where the caller goes when nothing here is for them. */
  get lastResort(): Offer | undefined {
    return this.offers.find(({ name, isHandoff, isLastResort }) => isHandoff && isLastResort && !this.#tried.has(name))
  }

  planWith(offer: Offer, words: string): Plan {
    return { offer, source: this.#source([], [words]) }
  }

  /** @param before the conversation until these words */
  planFor(words: string, before: readonly Item[], depth = FARTHEST): Plan | undefined {
    const direct = isFarewell(words) ? undefined : this.#wanted(words, before)
    const open = depth > 0 ? this.#pending(before, depth) : undefined
    // "No, thanks" is an answer where yes or no was asked, and else gives the wish up.
    const pending = open && isCancel(words) && filledFor(open).missing?.kind !== 'boolean' ? undefined : open
    const answer = pending && this.#continued(pending, words)
    if (answer && !(direct && direct.offer !== answer.offer && isAsking(words))) return answer
    if (isFarewell(words)) return undefined
    const isOther = pending !== undefined && hasMore(words, pending.offer)
    const repeated =
      pending && !isAsking(words) && !isOther && !wasMissed(pending) ? withWords(pending, words) : undefined
    return (
      this.#accepted(words, before, direct, depth) ??
      direct ??
      repeated ??
      this.#agreed(words, before) ??
      this.#again(words, before)
    )
  }

  /** The tool that the words themselves ask for, unless the instructions have the answer. */
  #wanted(words: string, before: readonly Item[], said: readonly string[] = [words]): Plan | undefined {
    const meanings = [...meaningsOf(words)]
    const hangUp = hangUpIn(this.offers)
    const offers = this.offers.filter((offer) => offer !== hangUp && !this.#tried.has(offer.name))
    const says = isAsking(words) ? SAYS_WHEN_ASKED : SAYS
    const scores = offers.map((offer) =>
      sumOf(meanings, (meaning) => rarity(meaning, offers) * saysFor(meaning, offer, says))
    )
    const best = offers[scores.indexOf(Math.max(...scores))]
    if (!best || Math.max(...scores) < ENOUGH || this.#isAnswered(words, meanings, best)) return undefined
    return { offer: this.#firstNeeded(best, before), source: this.#source(before, said) }
  }

  /** The instructions say more about a question than the tool does; or about a wish that shares only a value with it. */
  #isAnswered(words: string, meanings: readonly string[], offer: Offer): boolean {
    const isNamed = meanings.some((meaning) => saysFor(meaning, offer, SAYS) > SAYS.parameters)
    if (isNamed && !isAsking(words)) return false
    const fact = factFor(words, this.#instructions)
    return fact !== undefined && fact.weight > sumOf(meanings, (meaning) => shareFor(meaning, offer))
  }

  /** A tool whose values come from another one needs that first: "the table, as find_tables gave it". */
  #firstNeeded(offer: Offer, before: readonly Item[]): Offer {
    const needed = this.offers.find((other) => other !== offer && !other.isHandoff && refersTo(offer, other.name))
    if (!needed) return offer
    const isAnswered = before.some((item) => item.type === 'function_call' && item.name === needed.name)
    return isAnswered ? offer : needed
  }

  /** What the caller asked for before, and was then asked about. */
  #pending(before: readonly Item[], depth: number): Plan | undefined {
    const last = saidIn(before).at(-1)
    if (!last || calledSince(before, last.at).some((name) => !isHandoff(name))) return undefined
    const plan = this.planFor(last.words, before.slice(0, last.at), depth - 1)
    return plan && !plan.offer.isHandoff && filledFor(plan).missing ? plan : undefined
  }

  /** The words as the answer to the question; undefined when they are none. */
  #continued(pending: Plan, words: string): Plan | undefined {
    const plan = withWords(pending, words)
    return sameBlank(filledFor(plan), filledFor(pending)) ? undefined : plan
  }

  /** What a tool has found is taken by the tool that goes on from there. */
  #accepted(words: string, before: readonly Item[], direct: Plan | undefined, depth: number): Plan | undefined {
    const last = lastAnswered(before)
    const next = last && this.goesOnFrom(last)
    if (!last || !next || isNo(words)) return undefined
    const options = optionsIn(last.output)
    const option = picked(words, options, this.#today)
    // A day alone may be about anything.
    if (option && direct && direct.offer !== next && isAsking(words)) return undefined
    if (!option && !isYes(words)) return undefined
    const wish = saidIn(before.slice(0, last.at)).at(-1)
    const background = wish
      ? (this.planFor(wish.words, before.slice(0, wish.at), depth - 1)?.source.said ?? [wish.words])
      : []
    return { offer: next, source: { ...this.#source(before, [words]), background, option: option ?? options[0] } }
  }

  /** The tool that takes what this one has found. */
  goesOnFrom({ tool, output }: Pick<Answered, 'tool' | 'output'>): Offer | undefined {
    const own = this.offers.filter(({ name, isHandoff }) => name !== tool && !isHandoff)
    const asked = this.offers.find(({ name }) => name === tool)
    return (
      own.find((offer) => refersTo(offer, tool)) ??
      (optionsIn(output).length > 0
        ? own.find(({ meanings }) => [...meanings.name].some((meaning) => asked?.meanings.name.has(meaning)))
        : undefined)
    )
  }

  /** "Yes" means what the agent has proposed. */
  #agreed(words: string, before: readonly Item[]): Plan | undefined {
    const proposed = isYes(words) ? lastWordsOfAgent(before)?.match(/[^.!?¿]+\?$/)?.[0] : undefined
    return proposed ? this.#wanted(proposed, before, [words]) : undefined
  }

  /** "And on Saturday?": the same tool with another value, when nothing else was said. */
  #again(words: string, before: readonly Item[]): Plan | undefined {
    const last = lastAnswered(
      before,
      this.offers.map(({ name }) => name)
    )
    const offer = this.offers.find(({ name }) => name === last?.tool)
    if (!last || !offer) return undefined
    if (hasMore(words, offer)) return undefined
    const source = this.#source(before, [words])
    const without = JSON.stringify(fill(offer, { ...source, said: [] }).arguments)
    if (JSON.stringify(fill(offer, source).arguments) === without) return undefined
    const background = saidIn(before)
      .filter(({ at }) => at < last.at)
      .slice(-1)
      .map((one) => one.words)
    return { offer, source: { ...source, background } }
  }

  #source(before: readonly Item[], said: readonly string[]): Source {
    return {
      instructions: this.#instructions,
      today: this.#today,
      known: saidIn(before).map(({ words }) => words),
      background: [],
      said,
      option: undefined
    }
  }
}

/** The caller did not answer the question, and was asked it once more. */
function wasMissed({ offer, source }: Plan): boolean {
  if (source.said.length < 2) return false
  const before = { offer, source: { ...source, said: source.said.slice(0, -1) } }
  return sameBlank(filledFor(before), filledFor({ offer, source }))
}

const sameBlank = (one: Filled, other: Filled): boolean =>
  one.missing?.field.path.join() === other.missing?.field.path.join()

const sumOf = (meanings: readonly string[], of: (meaning: string) => number): number =>
  meanings.reduce((sum, meaning) => sum + weightOf(meaning) * of(meaning), 0)

function withWords({ offer, source }: Plan, words: string): Plan {
  return { offer, source: { ...source, said: [...source.said, words] } }
}

function refersTo({ description, parameters }: Offer, name: string): boolean {
  return new RegExp(`\\b${name}\\b`).test(`${description} ${JSON.stringify(parameters ?? {})}`)
}

/** The words say something that the tool has nothing to do with. */
function hasMore(words: string, offer: Offer): boolean {
  return [...meaningsOf(words)].some((meaning) => weightOf(meaning) === 1 && saysFor(meaning, offer, SAYS) === 0)
}

/** A word that every tool has tells them apart no more. */
function rarity(meaning: string, offers: readonly Offer[]): number {
  const having = offers.filter((offer) => saysFor(meaning, offer, SAYS) > 0).length
  return having === 0 ? 0 : Math.log(1 + offers.length / having) / Math.log(1 + offers.length)
}

function saysFor(meaning: string, { meanings }: Offer, says: typeof SAYS): number {
  return Math.max(0, ...PLACES.map((where) => (meanings[where].has(meaning) ? says[where] : 0)))
}

function shareFor(meaning: string, offer: Offer): number {
  const most = saysFor(meaning, offer, SAYS)
  return most >= SAYS.occasions ? 1 : most > 0 ? 0.5 : 0
}
