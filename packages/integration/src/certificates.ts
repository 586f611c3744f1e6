import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const openssl = (args: readonly string[], folder: string) => run('openssl', args, { cwd: folder })

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

/** A certificate and its private key, both PEM. */
export interface Certificate {
  readonly cert: string
  readonly key: string
}

/** Creates the lab's own certificate authority in `folder` (`ca.crt`, `ca.key`); returns its certificate as PEM. */
export const createAuthority = async (folder: string): Promise<string> => {
  const extensions = ['basicConstraints=critical,CA:true', 'keyUsage=critical,keyCertSign,cRLSign']
  await openssl(
    [
      'req',
      '-x509',
      ...newKey,
      '-days',
      '30',
      '-keyout',
      'ca.key',
      '-out',
      'ca.crt',
      '-subj',
      '/CN=Couplet test CA',
    ].concat(extensions.flatMap((extension) => ['-addext', extension])),
    folder,
  )
  return readFile(join(folder, 'ca.crt'), 'utf8')
}

const issue = (folder: string, name: string, extensions: readonly string[]) =>
  openssl(
    ['req', '-x509', '-CA', 'ca.crt', '-CAkey', 'ca.key', ...newKey, '-days', '30', '-subj', `/CN=${name}`].concat(
      ['-keyout', `${name}.key`, '-out', `${name}.crt`],
      [...extensions, 'basicConstraints=critical,CA:false'].flatMap((extension) => ['-addext', extension]),
    ),
    folder,
  )

/** Issues `name.crt` and `name.key` for a server; `subjects` as in openssl's subjectAltName (`DNS:a,IP:b`). */
export const issueServerCertificate = async (folder: string, name: string, subjects: string): Promise<void> => {
  // Towards other servers it is a client.
  await issue(folder, name, [`subjectAltName=${subjects}`, 'extendedKeyUsage=serverAuth,clientAuth'])
}

/** Issues a server certificate that ended yesterday. */
export const issueExpiredCertificate = async (folder: string, name: string, subjects: string): Promise<void> => {
  const request = ['req', '-new', ...newKey, '-subj', `/CN=${name}`, '-addext', `subjectAltName=${subjects}`]
  await openssl([...request, '-keyout', `${name}.key`, '-out', `${name}.csr`], folder)
  // Only this older command accepts an end before the beginning.
  const sign = [
    'x509',
    '-req',
    '-in',
    `${name}.csr`,
    '-CA',
    'ca.crt',
    '-CAkey',
    'ca.key',
    '-copy_extensions',
    'copyall',
  ]
  await openssl([...sign, '-days', '-1', '-out', `${name}.crt`], folder)
}

/**
 * Issues a client certificate whose subject is a bare JID (RFC 6120 §13.7.1.4, id-on-xmppAddr).
 * It has no extended key usage: Prosody refuses one that says clientAuth only.
 */
export const issueClientCertificate = async (folder: string, jid: string): Promise<Certificate> => {
  const name = `client-${randomBytes(6).toString('hex')}`
  await issue(folder, name, [`subjectAltName=otherName:1.3.6.1.5.5.7.8.5;UTF8:${jid}`])
  const [cert, key] = await Promise.all(
    ['crt', 'key'].map(async (kind) => {
      const file = join(folder, `${name}.${kind}`)
      const pem = await readFile(file, 'utf8')
      await rm(file)
      return pem
    }),
  )
  return { cert: cert!, key: key! }
}
