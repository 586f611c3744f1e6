const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|::1|(?:0{1,4}:){7}0{0,3}1)$/i

/** Whether a host is this machine, so that what is sent to it passes no network: a loopback address, or `localhost`. */
export const isOnThisMachine = (hostname: string): boolean => loopback.test(hostname.replace(/^\[(.*)\]$/, '$1'))
