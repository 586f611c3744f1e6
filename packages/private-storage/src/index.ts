/**
 * XEP-0049: Private XML Storage (1.2).
 *
 * @module
 */

export { loadPrivateData, NS_PRIVATE_STORAGE, PrivateData, storePrivateData } from './elements.js'
export { getPrivateData, setPrivateData } from './private-storage.js'
