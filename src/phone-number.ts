import { z } from 'zod'

/** E.164, as Twilio writes and dials numbers. */
export const phoneNumber = z.string().regex(/^\+[1-9]\d{6,14}$/, 'expected a number like +15551230001')
