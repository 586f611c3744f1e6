// Every connection has an account of its own: several of one would hear of each other.

export const domain = 'localhost'
export const userOf = (i) => `user${i}`
export const passwordOf = (i) => `password-${i}`
