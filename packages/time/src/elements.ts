import { type Codec, childText, dateTime, element, type Infer, iqGet, marker } from '@couplet/stanza'

/** The namespace of times (XEP-0202). */
export const NS_TIME = 'urn:xmpp:time'

const offsetForm = /^[ \t\r\n]*(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d))[ \t\r\n]*$/

/** The TZD of XEP-0082 §3.2 as minutes east of UTC: `-06:00` is −360. */
const zoneOffset: Codec<number> = {
  expects: 'a time zone offset (XEP-0082)',
  decode: (text) => {
    const match = offsetForm.exec(text)
    if (match === null) return undefined
    const [, sign, hours, minutes] = match
    const value = sign === undefined ? 0 : Number(hours) * 60 + Number(minutes)
    return sign === '-' && value > 0 ? -value : value
  },
  encode: (value) => {
    const distance = Math.abs(value)
    if (!Number.isInteger(value) || distance >= 24 * 60) throw new RangeError('not the offset of a time zone')
    if (value === 0) return 'Z'
    const digits = [Math.floor(distance / 60), distance % 60].map((part) => String(part).padStart(2, '0'))
    return (value < 0 ? '-' : '+') + digits.join(':')
  },
}

/** The question (XEP-0202 §2). */
export const TimeQuery = marker(NS_TIME, 'time')
/** The value of the definition of the same name. */
export type TimeQuery = Infer<typeof TimeQuery>

/** The answer: the time at an entity (XEP-0202 §2). */
export const EntityTime = element(NS_TIME, 'time', {
  /** The time zone, in minutes east of UTC: −360 is `-06:00`. */
  tzo: childText('tzo', zoneOffset),
  /** The time. */
  utc: childText('utc', dateTime),
})
/** The value of the definition of the same name. */
export type EntityTime = Infer<typeof EntityTime>

/** The question and its answer (XEP-0202 §3). */
export const queryTime = iqGet(TimeQuery, EntityTime)
