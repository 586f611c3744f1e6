// Sends every text back, from whichever address of its domain it was sent to.
// XMPP_COMPONENT=echo.example.org XMPP_SECRET=… [XMPP_SERVICE=xmpp://localhost:5347] node echo-component.mjs
import { createComponent } from '@couplet/component'
import { disco } from '@couplet/disco'
import { ping } from '@couplet/ping'
import { tcp } from '@couplet/tcp'

const { XMPP_COMPONENT: jid = '', XMPP_SECRET: secret = '', XMPP_SERVICE: service } = process.env
const answer = () => true // a service is there for everybody
const component = createComponent({
  jid,
  secret,
  service: service ?? 'xmpp://localhost:5347',
  transports: [tcp()],
  plugins: [disco({ identity: { category: 'component', type: 'generic' }, name: 'Echo', answer }), ping({ answer })],
})

component.onMessage(async (message) => {
  if (message.body) await message.reply(`${message.to?.local ?? 'nobody'} heard: ${message.body}`).acked
})

await component.online()
console.log(`online as ${component.jid}`)
process.once('SIGTERM', () => component.close())
