// What runs in the browser: a file is uploaded, and one that is sent somewhere else is not.
import { createClient } from '@couplet/client'
import { disco } from '@couplet/disco'
import { httpUpload } from '@couplet/http-upload'
import { webSocket } from '@couplet/websocket'

const open = async ({ account, service }, upload) => {
  const plugins = [disco(), httpUpload(upload)]
  const client = createClient({ ...account, service, plugins, reconnect: false, transports: [webSocket()] })
  await client.online()
  return client
}

/** Uploads as many bytes; with the address of the file and the progress that was told. */
globalThis.upload = async (login, size) => {
  const client = await open(login)
  const seen = []
  const file = new File([new Uint8Array(size).fill(7)], 'sevens.bin', { type: 'application/x-sevens' })
  const { url } = await client.httpUpload.upload(file, { onProgress: (sent, total) => seen.push([sent, total]) })
  await client.close()
  return { url, seen }
}

/** The code of the error when every PUT request is answered by this address instead. */
globalThis.uploadTo = async (login, address) => {
  const client = await open(login, { fetch: (_url, init) => fetch(address, init) })
  const outcome = await client.httpUpload.upload(new Blob(['x'])).catch(({ code }) => code)
  await client.close()
  return outcome
}
