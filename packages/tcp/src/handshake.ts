import type { Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import { ConnectionError } from '@couplet/client'
import { checkDomain, serverName } from './certificate.js'
import { isPinned } from './pins.js'

/** What TLS is made with. */
export interface TlsSettings extends Pick<ConnectionOptions, 'ca' | 'cert' | 'key'> {
  /** The domain of the account: what goes into SNI, and what the certificate is checked against. */
  readonly domain: string
  /** The keys of which one has to be in the chain of the certificate; without any, all that are trusted will do. */
  readonly pins?: readonly string[] | undefined
}

/** What differs between direct TLS and STARTTLS. */
export interface HandshakeOptions {
  /** What ALPN offers; the server may ignore it, but not answer with another one (XEP-0368 §4). */
  readonly protocols?: readonly string[]
  /** Milliseconds it may take; default no limit. */
  readonly limit?: number
}

/**
 * Starts TLS on a connected socket: TLS 1.2 or better, certificate verified for the account's domain.
 *
 * @throws ConnectionError
 */
export function secure(
  socket: Socket,
  settings: TlsSettings,
  signal: AbortSignal,
  { protocols = [], limit }: HandshakeOptions = {},
): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const tls = startHandshake(settings, socket, protocols)
    const settle = (then: () => void): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      tls.removeListener('error', onError)
      tls.removeListener('close', onClose)
      tls.removeListener('secureConnect', onSecure) // it would keep alive whatever led to this connection
      then()
    }
    const fail = (error: unknown): void =>
      settle(() => {
        tls.on('error', () => {}) // destroying may cause another one
        tls.destroy()
        socket.destroy()
        reject(error)
      })
    const onAbort = (): void => fail(signal.reason)
    const onError = (error: Error): void => fail(tlsError(error))
    const onClose = (): void => fail(new ConnectionError('tls', 'closed', 'the server closed the connection'))
    const onTimeout = (): void => fail(new ConnectionError('tls', 'timeout', `nothing for ${(limit ?? 0) / 1000} s`))
    const onSecure = (): void => {
      const problem = objection(tls, settings, protocols)
      if (problem === undefined) settle(() => resolve(tls))
      else fail(problem)
    }
    const timer = limit === undefined ? undefined : setTimeout(onTimeout, limit)
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    tls.on('error', onError)
    tls.on('close', onClose)
    tls.on('secureConnect', onSecure)
  })
}

/** What is wrong with a handshake that OpenSSL and the certificate check were content with. */
function objection(tls: TLSSocket, { pins }: TlsSettings, protocols: readonly string[]): ConnectionError | undefined {
  const { alpnProtocol } = tls
  if (alpnProtocol && !protocols.includes(alpnProtocol)) {
    return new ConnectionError('tls', 'tls-failed', 'the server speaks another protocol here (ALPN)')
  }
  if (pins !== undefined && !isPinned(tls.getPeerCertificate(true), pins)) {
    return new ConnectionError('tls', 'certificate-pin', 'no key in the chain of the certificate is a pinned one')
  }
  return undefined
}

/** Bad key material makes `connect` throw; the socket must not stay behind then. */
function startHandshake(settings: TlsSettings, socket: Socket, protocols: readonly string[]): TLSSocket {
  const { domain, ca, cert, key } = settings
  const options: ConnectionOptions = {
    socket,
    servername: serverName(domain),
    checkServerIdentity: (_, certificate) => checkDomain(domain, certificate),
    rejectUnauthorized: true, // whatever NODE_TLS_REJECT_UNAUTHORIZED says
    minVersion: 'TLSv1.2',
    ALPNProtocols: [...protocols],
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  }
  try {
    return connectTls(options)
  } catch (error) {
    socket.on('error', () => {}).destroy()
    throw new ConnectionError('tls', 'tls-failed', 'the key material cannot be used', error)
  }
}

/** OpenSSL's verdicts, in the terms of someone who has to act on them. */
function tlsError(error: Error & { readonly code?: string }): ConnectionError {
  const { code = '' } = error
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return new ConnectionError('tls', 'certificate-expired', 'the certificate is not valid at this time', error)
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return new ConnectionError('tls', 'certificate-name', 'the certificate is for another name', error)
  }
  if (/CERT|SELF_SIGNED|ISSUER|UNABLE_TO_|CRL/.test(code) && !code.startsWith('ERR_SSL')) {
    return new ConnectionError('tls', 'certificate-untrusted', 'the certificate is not from a trusted issuer', error)
  }
  return new ConnectionError('tls', 'tls-failed', 'the handshake failed', error)
}
