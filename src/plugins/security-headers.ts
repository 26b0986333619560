import helmet from '@fastify/helmet'
import fp from 'fastify-plugin'

/** Security headers for browsers. Every answer has them, so that no route can omit them. */
export const securityHeaders = fp(
  async (app) => {
    await app.register(helmet, {
      contentSecurityPolicy: {
        directives: {
          frameAncestors: ["'none'"],
          // Behind a TLS proxy this has no effect, and on a machine without TLS it would break the pages.
          upgradeInsecureRequests: null
        }
      },
      frameguard: { action: 'deny' },
      // This server does not know whether other hosts of the domain use TLS.
      strictTransportSecurity: { includeSubDomains: false }
    })
    // TwiML holds a caller's token and a colleague's number, so no cache may keep it.
    app.addHook('onRequest', async (_request, reply) => void reply.header('cache-control', 'no-store'))
  },
  { name: 'security-headers' }
)
