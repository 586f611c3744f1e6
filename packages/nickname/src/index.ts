/**
 * XEP-0172: User Nickname (1.1).
 *
 * @module
 */

export { Nickname, NS_NICKNAME } from './elements.js'
