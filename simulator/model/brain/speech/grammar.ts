/** What a grammar may use to say what a clause asks for. */
export interface About {
  /** The name of the business, where the instructions tell it. */
  readonly business: string | undefined
  /** What a tool is called with, for a clause that ends in a gap: "who you are putting them through to". */
  readonly argument?: string | undefined
  /** The statement before, which "say so" means. */
  readonly before?: string | undefined
}

/** How one language turns an instruction into speech. */
export interface Grammar {
  /** The parts of a sentence that each ask for something. */
  clauses(sentence: string): string[]
  /** What is said for a clause; empty when it asks for silence; undefined when it asks for nothing. */
  speech(clause: string, about: About): string | undefined
  /** A statement about the caller and the agent, as the agent says it to the caller. */
  toCaller(text: string): string
}

/** What is said for a clause that a pattern matches; a group that took no part in the match is an empty string. */
export type Rule = readonly [RegExp, (found: string[], about: About) => string]

/** What the first rule that matches says; undefined when none does. */
export function byRule(rules: readonly Rule[], clause: string, about: About): string | undefined {
  for (const [pattern, make] of rules) {
    const found = clause.match(pattern)
    if (found)
      return make(
        found.map((part) => part ?? ''),
        about
      )
  }
  return undefined
}
