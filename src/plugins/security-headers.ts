import helmet from '@fastify/helmet'
import fp from 'fastify-plugin'

/** For whatever a browser may open; every answer has them, so that none can be forgotten. */
export const securityHeaders = fp(
  async (app) => {
    await app.register(helmet, {
      contentSecurityPolicy: {
        directives: {
          frameAncestors: ["'none'"],
          // Behind a TLS proxy it changes nothing, and on this machine, without one, it would break the pages.
          upgradeInsecureRequests: null
        }
      },
      frameguard: { action: 'deny' },
      // Whether other hosts of this domain speak TLS is not ours to say.
      strictTransportSecurity: { includeSubDomains: false }
    })
    // TwiML holds a caller's token and a colleague's number: no cache keeps what Twilio was told.
    app.addHook('onRequest', async (_request, reply) => void reply.header('cache-control', 'no-store'))
  },
  { name: 'security-headers' }
)
