/** What is read of what a peer or a server sends; the rest is left out. */
export const limits = {
  /** Keys in one header. */
  keys: 5000,
  /** Accounts in one header. */
  recipients: 5000,
  /** Prekeys in a bundle. */
  preKeys: 1000,
  /** Devices in a list; how many of them are used is for the policy to say. */
  devices: 10_000,
  /** Bytes of a device's share of a message; with a key exchange it has some 300. */
  key: 4096,
  /** Shares for one device in a message: it has one, and in a room of 0.3 others may have its id. */
  shares: 4,
  /** Keys of a chain that are derived in vain for one message: for all its shares, with all sessions. */
  steps: 3000,
} as const
