/** The same time, up to ten per cent shorter or longer: clients that wait for the same do not all come at once. */
export const jitter = (ms: number): number => ms * (0.9 + 0.2 * Math.random())
