/** Something that whoever placed the call can put right; the message is a sentence for them. */
export class Mistake extends Error {
  override name = 'Mistake' as const
}
