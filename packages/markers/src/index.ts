/**
 * XEP-0333: Displayed Markers (1.0.0).
 *
 * @module
 */

export { Displayed, Markable, NS_MARKERS } from './elements.js'
export {
  type Markers,
  type MarkersOptions,
  type MarkersRoomOptions,
  type MarkersRosterOptions,
  markers,
} from './markers.js'
export { type DisplayedOptions, displayedId, isDisplayedMarkerFor, onDisplayed } from './on-displayed.js'
