/**
 * XEP-0114: Jabber Component Protocol (1.6): gateways and services with a domain of their own at somebody's server.
 *
 * @module
 */

export { type Component, type ComponentCore, createComponent } from './component.js'
export type { ComponentOptions } from './component-options.js'
export { Handshake, NS_COMPONENT } from './elements.js'
