// Reminds the users of its own server: by a chat command, "!remind 10m tea", and by an ad-hoc command with a form.
// XMPP_JID=bot@example.org XMPP_PASSWORD=… [XMPP_SERVICE=xmpps://host:5223] node reminder-bot.mjs
import { adhoc, askForm, CommandError, createClient, disco, message } from 'couplet'

const { XMPP_JID: jid = '', XMPP_PASSWORD: password, XMPP_SERVICE: service } = process.env
const home = jid.split('@')[1]
const most = 1000 // reminders at a time, of all users
/** @type {Record<string, number>} */
const seconds = { s: 1, m: 60, h: 3600 }
/** @type {Set<NodeJS.Timeout>} */
const waiting = new Set()

/** Whom the bot serves; all others cannot even tell that it is there. @param {import('couplet').Jid} from */
const isUser = (from) => from.domain === home

const client = createClient({
  jid,
  password,
  service,
  plugins: [disco({ identity: { category: 'client', type: 'bot' }, name: 'Reminders', answer: isUser }), adhoc()],
})

/**
 * Sets a reminder: the one function behind both commands.
 *
 * @param {import('couplet').Jid} user
 * @param {string} when such as 10m
 * @param {string} text
 * @returns {string | undefined} why not, if so
 */
function remind(user, when, text) {
  const [, amount, unit = ''] = /^(\d{1,5})([smh])$/.exec(when) ?? []
  const delay = Number(amount) * (seconds[unit] ?? Number.NaN)
  if (!(delay <= 86_400)) return 'When? Like 30s, 10m or 2h; a day at most.'
  if (waiting.size >= most) return 'I cannot remember any more.'
  const timer = setTimeout(() => {
    waiting.delete(timer)
    client.send(message({ to: user.bare, type: 'chat', body: `Reminder: ${text}` }))
  }, delay * 1000)
  waiting.add(timer)
  return undefined
}

client.onMessage(async (inbound) => {
  const { from, body = '', type, provenance } = inbound
  const [, when, text] = /^!remind (\S+) (.+)$/s.exec(body) ?? []
  // Only what somebody says to the bot itself, and says now.
  if (!from || !isUser(from) || type !== 'chat' || provenance !== 'live' || !when || !text) return
  await inbound.reply(remind(from, when, text) ?? `I will remind you in ${when}.`).acked
})

client.adhoc.add({
  node: 'remind',
  name: 'Set a reminder',
  allow: isUser,
  run: () => ({
    form: askForm({
      title: 'A reminder',
      fields: {
        text: { label: 'Of what?', required: true },
        when: { label: 'When?', desc: 'Like 30s, 10m or 2h', value: '10m', required: true },
      },
    }),
    complete: (input) => {
      const [when = '', text = ''] = [input.value('when'), input.value('text')]
      const problem = remind(input.from, when, text)
      if (problem) throw new CommandError('bad-payload', problem)
      return { notes: [`I will remind you in ${when}.`] }
    },
  }),
})

await client.online()
console.log(`online as ${client.jid}`)
process.once('SIGTERM', async () => {
  for (const timer of waiting) clearTimeout(timer)
  await client.close()
})
