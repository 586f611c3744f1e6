import type { CallOptions, Plugin, PluginContext } from '@couplet/client'
import type { Disco } from '@couplet/disco'
import { Jid } from '@couplet/stanza'
import { checkSlot, type Slot } from './check-slot.js'
import { requestSlot, type UploadPurpose, type UploadRequest } from './elements.js'
import type { ProgressHandler } from './file-body.js'
import { askService, findService, type UploadService } from './find-service.js'
import { type PutFetch, putFile } from './put-file.js'
import { asUploadError, tooLarge, UploadError } from './upload-error.js'

/** Options of {@link httpUpload}. */
export interface HttpUploadOptions {
  /** The service; default: the one that the own server names. */
  readonly service?: Jid | string
  /**
   * Whether to go along with the address that the service has chosen, for the upload and for what others fetch. Default:
   * every https address, also one of a private network. An address that is not https is never asked about.
   */
  readonly allow?: (url: URL) => boolean
  /** What makes the PUT request, for example with certificate authorities of its own. Default: the platform's `fetch`. */
  readonly fetch?: PutFetch
}

/** How to upload a file. */
export interface UploadOptions extends CallOptions {
  /** The name of the file, which most services make a part of the address. Default: that of a `File`, or `file`. */
  readonly name?: string | undefined
  /** Its media type. Default: that of the `Blob`, or `application/octet-stream`. */
  readonly type?: string | undefined
  /** What it is for; default: a message (XEP-0363 §5). */
  readonly purpose?: UploadPurpose | undefined
  /**
   * Called with 0 at the start, as the file is handed to the network, and with its size at the end. Only Node tells of
   * what is between: browsers do not say how far `fetch` has come.
   */
  readonly onProgress?: ProgressHandler | undefined
}

/** A file that was uploaded. */
export interface UploadedFile {
  /** Where everybody can fetch it who knows this address. */
  readonly url: string
  /** The name that was told to the service. */
  readonly name: string
  /** Bytes. */
  readonly size: number
  /** The media type. */
  readonly type: string
  /** Whether it can be fetched from the host it was uploaded to. That it is another one is allowed (XEP-0363 §4). */
  readonly sameHost: boolean
}

/** What `client.httpUpload` offers. */
export interface HttpUpload {
  /**
   * The service with what it takes. Asked once in a session.
   *
   * @throws UploadError `no-service`
   */
  service(options?: CallOptions): Promise<UploadService>
  /**
   * Asks for a place, for those who make the PUT request themselves. It is good for about five minutes (XEP-0363 §8).
   *
   * @throws UploadError `no-service`, `unsupported-purpose`, `file-too-large`, `try-later` or `bad-slot`
   * @throws StanzaError if the service says no for any other reason
   * @throws RangeError for an empty file
   */
  slot(file: UploadRequest, options?: CallOptions): Promise<Slot>
  /**
   * Uploads a file, unencrypted, and resolves when others can fetch it. Of a file on disk `openAsBlob` of `node:fs` makes
   * a `Blob` that is read as it is sent. The signal ends the upload too, and so does closing the client.
   *
   * @throws UploadError with any of its codes
   * @throws StanzaError if the service says no for any other reason
   * @throws RangeError for an empty file
   */
  upload(file: Blob | Uint8Array, options?: UploadOptions): Promise<UploadedFile>
}

/** The plugin: uploads files to the service of the own server (XEP-0363). */
export function httpUpload(options: HttpUploadOptions = {}): Plugin<'httpUpload', HttpUpload, { disco: Disco }> {
  return { name: 'httpUpload', needs: { disco: true }, setup: (context) => new Uploads(context, options) }
}

class Uploads implements HttpUpload {
  readonly #context: PluginContext & { readonly disco: Disco }
  readonly #options: HttpUploadOptions
  #known: UploadService | undefined

  constructor(context: PluginContext & { readonly disco: Disco }, options: HttpUploadOptions) {
    this.#context = context
    this.#options = options
    context.onSession(() => {
      this.#known = undefined
    })
  }

  async service({ signal }: CallOptions = {}): Promise<UploadService> {
    signal?.throwIfAborted()
    this.#known ??= await this.#find({ signal })
    return this.#known
  }

  async slot(file: UploadRequest, { signal }: CallOptions = {}): Promise<Slot> {
    if (file.size === 0) throw new RangeError('services take no empty files (XEP-0363 §11)')
    const { jid, maxFileSize, purposes } = await this.service({ signal })
    if (maxFileSize !== undefined && file.size > maxFileSize) throw tooLarge(maxFileSize)
    // A service that knows no purposes would keep it as long as any other file.
    const purpose = typeof file.purpose === 'object' ? 'ephemeral' : (file.purpose ?? 'message')
    if (purpose !== 'message' && !purposes.has(purpose)) {
      throw new UploadError('unsupported-purpose', `the service has no place for files that are ${purpose}`)
    }
    const { allow = () => true } = this.#options
    try {
      return checkSlot(await this.#context.request(requestSlot, file, { to: jid, signal }), allow)
    } catch (error) {
      throw asUploadError(error)
    }
  }

  async upload(file: Blob | Uint8Array, options: UploadOptions = {}): Promise<UploadedFile> {
    const blob = file instanceof Uint8Array ? new Blob([file as Uint8Array<ArrayBuffer>]) : file
    const name = baseName(options.name ?? (blob as { readonly name?: string }).name ?? '')
    const type = options.type ?? (blob.type || 'application/octet-stream')
    if (!/^[\x20-\x7e]+$/.test(type)) throw new TypeError('not a media type')
    const { size } = blob
    const own = this.#context.signal
    const signal = options.signal === undefined ? own : AbortSignal.any([own, options.signal])
    const slot = await this.slot({ filename: name, size, contentType: type, purpose: options.purpose }, { signal })
    const { fetch = (url, init) => globalThis.fetch(url, init) } = this.#options
    await putFile(slot, blob, { contentType: type, signal, onProgress: this.#guarded(options.onProgress), fetch })
    return { url: slot.get.href, name, size, type, sameHost: slot.get.host === slot.put.host }
  }

  async #find(options: CallOptions): Promise<UploadService> {
    const { disco, account } = this.#context
    const { service } = this.#options
    if (service === undefined) return findService(disco, account.domain, options)
    const found = await askService(disco, typeof service === 'string' ? Jid.parse(service) : service, options)
    if (found === undefined) throw new UploadError('no-service', 'the chosen service takes no files')
    return found
  }

  /** What goes wrong in showing the progress does not end the upload. */
  #guarded(onProgress: ProgressHandler | undefined): ProgressHandler | undefined {
    if (onProgress === undefined) return undefined
    return (sent, total) => {
      try {
        onProgress(sent, total)
      } catch (error) {
        this.#context.reportError(error)
      }
    }
  }
}

/** Nobody has to know in which folder the file was. */
function baseName(name: string): string {
  return name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1) || 'file'
}
