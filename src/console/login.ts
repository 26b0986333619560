import { createHash } from 'node:crypto'
import formbody from '@fastify/formbody'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Config } from '../config.ts'
import type { ConsoleKey } from '../plugins/console-key.ts'
import { isOwnPage, refuseToken } from '../plugins/ours-only.ts'

/** As long as the session in the cookie. */
const WEEK_S = 7 * 24 * 3_600
const COOKIE = { path: '/', httpOnly: true, sameSite: 'strict' } as const

export interface LoginOptions {
  readonly config: Config
  readonly key: ConsoleKey
}

const Query = z.object({ to: z.string().max(2_000).optional(), code: z.string().max(500).optional() })
const Form = z.object({ token: z.string().max(1_000), to: z.string().max(2_000).optional() })

/** The way through the console's door for people: a form for the token, and the link that is good once. */
export async function login(app: FastifyInstance, { config, key }: LoginOptions): Promise<void> {
  await app.register(formbody)

  app.get('/console/login', async (request, reply) => {
    const { to, code } = Query.safeParse(request.query).data ?? {}
    if (code !== undefined && key.useCode(code)) return signIn(request, reply, to)
    const problem = code === undefined ? '' : 'This link was used before, or it is too old.'
    return page(reply).send(form(pathOf(to), problem))
  })

  app.post('/console/login', async (request, reply) => {
    // Browsers name the page that sends a form; a program, which has no cookie to lend, does not.
    const isFromPage = request.headers.origin !== undefined || request.headers['sec-fetch-site'] !== undefined
    if (isFromPage && !isOwnPage(request, config)) {
      return reply.refuse(403, { message: 'refused a login from another site’s page' })
    }
    const { token = '', to } = Form.safeParse(request.body).data ?? {}
    if (key.isToken(token.trim())) return signIn(request, reply, to)
    return refuseToken(page(reply), form(pathOf(to), 'That is not the console token.'))
  })

  // Whoever sends it: a session that ends is no harm.
  app.post('/console/logout', (_request, reply) =>
    reply.clearCookie(key.cookie, COOKIE).redirect('/console/login', 303)
  )

  function signIn(request: FastifyRequest, reply: FastifyReply, to: string | undefined): FastifyReply {
    const secure = request.headers['x-forwarded-proto'] === 'https'
    return reply
      .setCookie(key.cookie, key.newSession(), { ...COOKIE, maxAge: WEEK_S, secure })
      .redirect(pathOf(to), 303)
  }
}

/** Where to go after the login: a page of the console, and no other address that a link may name. */
function pathOf(to: string | undefined): string {
  const here = 'http://here'
  const url = to !== undefined && URL.canParse(to, here) ? new URL(to, here) : undefined
  return url?.origin === here && /^\/console(\/|$)/.test(url.pathname) ? url.pathname + url.search : '/console'
}

/** Nothing on this page is loaded from anywhere, and it has no script. */
function page(reply: FastifyReply): FastifyReply {
  const style = createHash('sha256').update(STYLE).digest('base64')
  const policy = `default-src 'none'; style-src 'sha256-${style}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`
  // With helmet's `no-referrer` a form would be sent with `Origin: null`.
  reply.header('referrer-policy', 'same-origin')
  return reply.header('content-security-policy', policy).type('text/html; charset=utf-8')
}

/** @param to a path of the console's, which has no character that HTML gives a meaning, but for `&` */
function form(to: string, problem: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in · Console</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>Console</h1>
<form method="post" action="/console/login">
<input type="hidden" name="to" value="${to.replaceAll('&', '&amp;')}">
<label for="token">Console token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus${problem && ' aria-describedby="problem" aria-invalid="true"'}>
${problem && `<p id="problem" role="alert">${problem}</p>`}
<button>Sign in</button>
</form>
<p>The token is <code>CONSOLE_TOKEN</code>. Where that is not set, the server made one: <code>consoleToken</code> in
<code>local/PORT.json</code> of its <code>DATA_DIR</code>.</p>
</main>
</body>
</html>
`
}

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: Canvas; color: CanvasText }
main { width: min(22rem, 88vw) }
h1 { font-size: 1.4rem; margin: 0 0 1.2rem }
form { display: grid; gap: .6rem }
input, button { font: inherit; padding: .6rem .7rem; border-radius: .5rem; border: 1px solid GrayText }
button { background: CanvasText; color: Canvas; border-color: CanvasText; cursor: pointer }
:focus-visible { outline: 2px solid Highlight; outline-offset: 2px }
#problem { margin: 0; font-weight: 600 }
p { font-size: .9rem; margin: 1.2rem 0 0 }
`
