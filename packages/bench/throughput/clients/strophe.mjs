import { $msg, $pres, Strophe } from 'strophe.js'
import { jid, namespaces, password, peer } from '../traffic.mjs'

const { receipts, chatStates, markers } = namespaces

/** Logs in, over WebSocket: the client's other transport for accounts is BOSH. */
export async function connect({ service }, onMessage) {
  Strophe.setLogLevel(Strophe.LogLevel.ERROR)
  const connection = new Strophe.Connection(service)
  const onStanza = (element) => {
    const [body] = element.getElementsByTagName('body')
    const [request] = element.getElementsByTagName('request')
    onMessage(body.textContent, element.getAttribute('from'), request?.getAttribute('xmlns') === receipts)
    return true // keeps the handler
  }
  await new Promise((resolve, reject) => {
    connection.connect(`${jid}/bench`, password, (status) => {
      if (status === Strophe.Status.CONNECTED) resolve()
      if (status === Strophe.Status.AUTHFAIL || status === Strophe.Status.CONNFAIL)
        reject(new Error(`status ${status}`))
    })
  })
  connection.addHandler(onStanza, null, 'message')
  connection.send($pres())
  return {
    send: (id, body) => {
      const message = $msg({ to: peer, type: 'chat', id }).c('body').t(body).up()
      message.c('request', { xmlns: receipts }).up().c('active', { xmlns: chatStates }).up()
      connection.send(message.c('markable', { xmlns: markers }))
    },
    close: () => connection.disconnect(),
  }
}
