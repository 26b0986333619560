/** The facts of the practice. Replace them with your own. */
export const practice = {
  name: 'Harbour Dental',
  address: '12 Quay Street, Portland, Maine',
  timeZone: 'America/New_York',
  emergencyNumber: '911',
  slotMinutes: 30,
  hours: {
    Sunday: undefined,
    Monday: { opens: '08:00', closes: '17:00' },
    Tuesday: { opens: '08:00', closes: '17:00' },
    Wednesday: { opens: '08:00', closes: '19:00' },
    Thursday: { opens: '08:00', closes: '17:00' },
    Friday: { opens: '08:00', closes: '13:00' },
    Saturday: undefined
  } satisfies Record<string, Hours | undefined>,
  /** Days of the year, `MM-DD`, on which the practice stays closed. */
  closedOn: ['01-01', '07-04', '12-25'],
  prices: {
    'check-up with x-rays': '95 dollars',
    'cleaning by the hygienist': '120 dollars',
    filling: 'from 180 dollars, depending on its size',
    'emergency visit': '140 dollars',
    'missed appointment': '50 dollars, nothing when cancelled a day before'
  }
} as const

export interface Hours {
  readonly opens: string
  readonly closes: string
}
