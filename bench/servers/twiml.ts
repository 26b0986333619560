/** The answer of a server that only connects the caller to its stream. */
export function streamTwiml(host: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?><Response><Connect><Stream url="wss://${host}/media-stream"/></Connect></Response>`
}
