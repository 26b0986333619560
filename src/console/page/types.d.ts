import type { z } from 'zod'
import type * as schemas from '../schemas.ts'

// What the API answers with.

export type Call = z.infer<typeof schemas.Call>
export type Turn = z.infer<typeof schemas.Turn>
export type CallEvent = z.infer<typeof schemas.Event>
export type Usage = z.infer<typeof schemas.Usage>
export type Delivery = z.infer<typeof schemas.Delivery>
export type WholeCall = z.infer<typeof schemas.WholeCall>
export type Calls = z.infer<typeof schemas.Calls>
export type Peaks = z.infer<typeof schemas.Peaks>
export type Item = z.infer<typeof schemas.Item>
export type Items = z.infer<typeof schemas.Items>
export type Stats = z.infer<typeof schemas.Stats>
export type Health = z.infer<typeof schemas.Health>
