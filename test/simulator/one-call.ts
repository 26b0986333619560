/** A process that makes one call and has nothing else to do: it ends by itself, or the call left something behind. */
import { PhoneCall } from '../../simulator/telephone/telephone.ts'

const [url = ''] = process.argv.slice(2)
process.disconnect?.()
const call = await PhoneCall.ring({ url })
await call.streaming
await call.say('Hello.')
call.hangUp()
const { errors } = await call.ended
process.exitCode = errors.length
