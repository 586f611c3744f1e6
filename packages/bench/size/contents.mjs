// What a large account has: a roster, a room, an archive; and what a client has to have seen of each.
import { bodyOf, idOf, jid } from '../throughput/traffic.mjs'

/** Messages in a page of the archive; every client asks for so many. */
export const pageSize = 100

export const room = 'assembly@rooms.localhost'
export const nick = 'bench'
const subject = 'Agenda: the minutes, the blue notebook, and whatever else there is'

const nameOf = (i) => `Somebody ${i}${i % 6 === 0 ? ' Żółć' : ''}`
const groupsOf = (i) => (i % 3 === 0 ? ['Friends', 'Work'] : [['Friends', 'Family', 'Work'][i % 3]])
const nickOf = (i) => `person ${i}`
const realJidOf = (i) => `person${i}@example.org`
const isModerator = (i) => i % 50 === 0
const stampOf = (i) => new Date(Date.UTC(2025, 0, 1) + i * 60_000).toISOString()

function contact(i) {
  const groups = groupsOf(i).map((group) => `<group>${group}</group>`)
  return `<item jid='${realJidOf(i)}' name='${nameOf(i)}' subscription='both'>${groups.join('')}</item>`
}

/** The roster in the answer to a request for it. */
export function rosterOf(size) {
  return `<query xmlns='jabber:iq:roster' ver='v1'>${Array.from({ length: size }, (_, i) => contact(i)).join('')}</query>`
}

function occupantPresence(occupant, realJid, item, extra = '') {
  const id = Buffer.from(occupant).toString('hex').padEnd(40, '0')
  return (
    `<presence from='${room}/${occupant}' to='${jid}/bench' xml:lang='en'><show>away</show>` +
    "<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='https://example.org' " +
    "ver='q07IKJEyjvHSyhy//CH0CxmKi8w='/>" +
    `<x xmlns='vcard-temp:x:update'><photo>${id}</photo></x><occupant-id xmlns='urn:xmpp:occupant-id:0' id='${id}'/>` +
    `<x xmlns='http://jabber.org/protocol/muc#user'><item jid='${realJid}' ${item}/>${extra}</x></presence>`
  )
}

/** Everything a room says to whoever enters: who is there, that they are in, and the subject (XEP-0045 §7.2). */
export function entryOf(size) {
  const others = Array.from({ length: size }, (_, i) => {
    const item = isModerator(i) ? "affiliation='admin' role='moderator'" : "affiliation='member' role='participant'"
    return occupantPresence(nickOf(i), `${realJidOf(i)}/phone`, item)
  })
  const statuses = "<status code='110'/><status code='100'/>"
  return [
    ...others,
    occupantPresence(nick, `${jid}/bench`, "affiliation='none' role='participant'", statuses),
    `<message from='${room}/${nickOf(0)}' to='${jid}/bench' type='groupchat'><subject>${subject}</subject></message>`,
  ]
}

/** Message `i` of the archive as a result of a query (XEP-0313 §4.2). */
export function archived(i, queryId) {
  const message =
    `<message xmlns='jabber:client' from='${realJidOf(i % 40)}/phone' to='${jid}' type='chat' id='${idOf(i)}'>` +
    `<body>${bodyOf(i).replaceAll('&', '&amp;')}</body><active xmlns='http://jabber.org/protocol/chatstates'/></message>`
  return (
    `<message from='${jid}' to='${jid}/bench'><result xmlns='urn:xmpp:mam:2' queryid='${queryId}' id='${archiveIdOf(i)}'>` +
    `<forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='${stampOf(i)}'/>${message}` +
    '</forwarded></result></message>'
  )
}

/** The archive's own id of a message, which tells its place. */
export const archiveIdOf = (i) => `1741000000000-${String(i).padStart(8, '0')}`
export const placeOf = (archiveId) => Number(archiveId.slice(-8))

const expectations = {
  roster: (i) => ({ characters: `${realJidOf(i)}${nameOf(i)}`.length, details: groupsOf(i).length }),
  room: (i) => ({
    characters: `${nickOf(i)}${realJidOf(i)}/phone`.length,
    details: Number(isModerator(i)),
  }),
  archive: (i) => ({ characters: `${archiveIdOf(i)}${bodyOf(i)}`.length, details: Date.parse(stampOf(i)) / 60_000 }),
}

/** What a client has to have seen: how many, how much text, and groups, moderators, or the sum of minutes. */
export function expected(feature, size) {
  const seen = { items: size, characters: 0, details: 0 }
  for (let i = 0; i < size; i++) {
    const { characters, details } = expectations[feature](i)
    seen.characters += characters
    seen.details += details
  }
  if (feature !== 'room') return seen
  return { ...seen, items: size + 1, characters: seen.characters + `${nick}${jid}/bench`.length }
}
