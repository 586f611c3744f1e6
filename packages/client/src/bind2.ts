import type { XmlElement } from '@couplet/stanza'
import { Bind2Request, Enable, NS_SM, Resume } from './elements.js'
import type { SessionRequest } from './login.js'
import { offersManagement, type ServerOffer } from './server-offer.js'

/** What we call ourselves in the resource, where the server makes one up (XEP-0386 §3.2). */
const tag = 'couplet'

/** What is asked for along with the authentication: only this may be answered (S-057). */
export interface Asked {
  /** What goes into `<authenticate/>`. */
  readonly elements: readonly XmlElement[]
  /** The session to resume. */
  readonly resumption: SessionRequest['resumption']
  /** Whether a resource is bound. */
  readonly bind: boolean
  /** Whether stream management is switched on with it. */
  readonly management: boolean
  /** The features that are switched on with it. */
  readonly features: readonly string[]
}

/**
 * Makes the requests that the server takes inline: to resume (XEP-0198 §9.2), and to bind (XEP-0386 §3.2).
 *
 * @param resource the resource the user wants to have; Bind 2 cannot give that, so nothing is bound inline
 */
export function inlineRequests(
  offer: ServerOffer,
  { resumption, inline, bind2 }: SessionRequest,
  resource: string | undefined,
): Asked {
  const resume = offer.resume ? resumption : undefined
  const listed = resource === undefined && bind2 ? offer.bind : undefined
  const bind = listed !== undefined
  const management = bind && offersManagement(offer)
  const wanted = inline.filter(({ feature }) => feature !== NS_SM && listed?.includes(feature))
  const built = wanted.flatMap((feature) => {
    const element = feature.build()
    return element === undefined ? [] : [{ feature: feature.feature, element }]
  })
  const inside = [...built.map(({ element }) => element), ...(management ? [Enable({ resume: true })] : [])]
  return {
    elements: [
      ...(resume === undefined ? [] : [Resume({ h: resume.handled(), previd: resume.previd })]),
      ...(bind ? [Bind2Request({ tag }).with({}, ...inside)] : []),
    ],
    resumption: resume,
    bind,
    management,
    features: built.map(({ feature }) => feature),
  }
}
