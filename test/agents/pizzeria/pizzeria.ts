/** The facts of another business than the example's. */
export const pizzeria = {
  name: 'Pizzeria Napoli',
  address: '7 Mill Lane',
  menu: { Margherita: 9, Funghi: 11, Diavola: 12 },
  opens: '17:00',
  closes: '22:30',
  closedOn: 'Monday',
  vouchers: { '100234': 'worth 20 euros', '100235': 'spent' }
} as const
