/** A mistake that the user of the command can correct; the message is a sentence for them. */
export class Mistake extends Error {
  override name = 'Mistake' as const
}
