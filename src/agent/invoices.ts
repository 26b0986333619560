export interface Invoice {
  readonly amount: string
  readonly treatment: string
  readonly state: string
}

export interface Invoices {
  /** @param number the six digits that are printed on the invoice */
  find(number: string): Promise<Invoice | undefined>
}

/** Two sample invoices: 100234 and 100235. Replace them with your accounts (docs/operating.md). */
export function createInvoices(): Invoices {
  const invoices = new Map<string, Invoice>([
    ['100234', { amount: '95 dollars', treatment: 'a check-up', state: 'due at the end of the month' }],
    ['100235', { amount: '180 dollars', treatment: 'a filling', state: 'paid' }]
  ])
  return {
    async find(number) {
      return invoices.get(number)
    }
  }
}
