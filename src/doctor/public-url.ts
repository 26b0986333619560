import type { Config } from '../config.ts'

const LIMIT_MS = 500
/** The ports at which ngrok shows its tunnels, and cloudflared its quick tunnel. (PORT + 1 where another one has it) */
const NGROK_PORTS = [4040, 4041]
const CLOUDFLARED_PORTS = [20241, 20242, 20243, 20244, 20245]

/** The address at which Twilio reaches this server. */
export interface PublicUrl {
  readonly url: string
  /** Where it is known from. */
  readonly from: 'PUBLIC_URL' | 'ngrok' | 'cloudflared'
}

/** PUBLIC_URL, else what a tunnel of this machine shows; undefined where there is neither. */
export async function findPublicUrl(
  { server }: Pick<Config, 'server'>,
  ports = { ngrok: NGROK_PORTS, cloudflared: CLOUDFLARED_PORTS }
): Promise<PublicUrl | undefined> {
  if (server.publicUrl !== undefined) return { url: server.publicUrl, from: 'PUBLIC_URL' }
  const found = await Promise.all([
    ...ports.ngrok.map((port) => ngrokUrl(port, server.port)),
    ...ports.cloudflared.map(cloudflaredUrl)
  ])
  return found.find((one) => one !== undefined)
}

async function ngrokUrl(port: number, ourPort: number): Promise<PublicUrl | undefined> {
  const answer = await ask(`http://127.0.0.1:${port}/api/tunnels`)
  const tunnels = (answer as { tunnels?: { proto?: string; public_url?: string; config?: { addr?: string } }[] })
    ?.tunnels
  const ours = tunnels?.find(({ proto, config }) => proto === 'https' && config?.addr?.endsWith(`:${ourPort}`))
  return ours?.public_url === undefined ? undefined : { url: new URL(ours.public_url).origin, from: 'ngrok' }
}

async function cloudflaredUrl(port: number): Promise<PublicUrl | undefined> {
  const { hostname } = ((await ask(`http://127.0.0.1:${port}/quicktunnel`)) ?? {}) as { hostname?: string }
  return hostname ? { url: `https://${hostname}`, from: 'cloudflared' } : undefined
}

async function ask(url: string): Promise<unknown> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(LIMIT_MS) })
    return answer.ok ? await answer.json() : undefined
  } catch {
    return undefined
  }
}
