import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { TwilioRefusal } from './errors.ts'
import { checkVerbs } from './twiml-schema.ts'

export interface Element {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly Element[]
  readonly text: string
}

// Error 11750: TwiML response body too large.
const LARGEST_DOCUMENT = 64 * 1024
const PREDEFINED: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
const REFERENCE = /&(?:(amp|lt|gt|quot|apos)|#(\d+)|#x([\da-fA-F]+));/g
// Characters that XML 1.0 cannot hold: https://www.w3.org/TR/xml/#charsets
const FORBIDDEN = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u

/**
 * The verbs of a document.
 * @throws TwilioRefusal 12100 for text that is not XML, 12200 for XML that is not TwiML, 11750 for more than 64 kB
 */
export function parseTwiml(xml: string): Element[] {
  if (Buffer.byteLength(xml) > LARGEST_DOCUMENT) throw new TwilioRefusal(11750, 'TwiML of more than 64 kB')
  checkXml(xml)
  const parser = new XMLParser({
    preserveOrder: true,
    ignoreAttributes: false,
    attributeNamePrefix: '',
    parseTagValue: false,
    parseAttributeValue: false,
    processEntities: false,
    cdataPropName: '#cdata',
    ignoreDeclaration: true,
    trimValues: false
  })
  const [root, ...others] = elementsOf(parser.parse(xml) as Node[])
  if (root?.name !== 'Response' || others.length > 0) throw notXml('the document is not one <Response>')
  checkVerbs(root)
  return [...root.children]
}

type Node = Record<string, unknown>

function elementsOf(nodes: readonly Node[]): Element[] {
  return nodes.flatMap((node) => {
    const name = nameOf(node)
    return name ? [elementOf(name, node)] : []
  })
}

function elementOf(name: string, node: Node): Element {
  const attributes = Object.entries((node[':@'] ?? {}) as Record<string, string>)
  const children = node[name] as Node[]
  return {
    name,
    attributes: Object.fromEntries(attributes.map(([key, value]) => [key, decodeAttribute(key, value)])),
    children: elementsOf(children),
    text: children
      .map(name === 'Say' ? spokenText : ownText)
      .join('')
      .trim()
  }
}

function ownText(node: Node): string {
  if (typeof node['#text'] === 'string') return decode(node['#text'])
  if (Array.isArray(node['#cdata']))
    return (node['#cdata'] as Node[]).map((part) => String(part['#text'] ?? '')).join('')
  return ''
}

/** The text of a `<Say>`, with the words inside its markup. */
function spokenText(node: Node): string {
  const name = nameOf(node)
  return name ? (node[name] as Node[]).map(spokenText).join('') : ownText(node)
}

function nameOf(node: Node): string | undefined {
  return Object.keys(node).find((key) => !/^[:#?]/.test(key))
}

function decodeAttribute(name: string, value: string): string {
  if (value.includes('<')) throw notXml(`a bare < in ${name}="${value}"`)
  return decode(value)
}

function decode(text: string): string {
  if (text.replace(REFERENCE, '').includes('&')) throw notXml(`a bare & in "${text.slice(0, 100)}"`)
  const decoded = text.replace(REFERENCE, (_all, name, decimal, hex) =>
    name ? (PREDEFINED[name] ?? '') : character(decimal ? Number(decimal) : Number.parseInt(hex, 16))
  )
  if (FORBIDDEN.test(decoded)) throw notXml('a reference to a character that XML forbids')
  return decoded
}

function character(code: number): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : '\0'
}

function checkXml(xml: string): void {
  if (FORBIDDEN.test(xml)) throw notXml('a character that XML forbids')
  if (/<!DOCTYPE/i.test(xml)) throw notXml('a DOCTYPE')
  const result = XMLValidator.validate(xml)
  if (result !== true) throw notXml(`${result.err.msg} (line ${result.err.line})`)
}

function notXml(why: string): TwilioRefusal {
  return new TwilioRefusal(12100, `Document parse failure: ${why}`)
}
