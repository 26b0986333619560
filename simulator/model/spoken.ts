/** A tool's answer as spoken text: JSON becomes its values, and instructions for the model are left out. */
export function spoken(output: string): string {
  const text = (valuesIn(output) ?? [output]).join(', ').replaceAll(/\s*\([^)]*\)/g, '')
  const sentences = text.split(/(?<=[.!?])\s+/).filter((sentence) => sentence !== '' && !ADVICE.test(sentence))
  const said = sentences.join(' ').trim() || "All right, that's done."
  return /[.!?]$/.test(said) ? said : `${said}.`
}

const ADVICE = /^(Offer|Ask|Apologi[sz]e|Say|Check|Call|Work out|Take|Do not|Tell)\b/

function valuesIn(output: string): string[] | undefined {
  try {
    return flatten(JSON.parse(output))
  } catch {
    return undefined
  }
}

function flatten(value: unknown): string[] {
  if (value === null || typeof value === 'boolean') return []
  return typeof value === 'object' ? Object.values(value).flatMap(flatten) : [String(value)]
}
