/**
 * XEP-0215: External Service Discovery (1.0.0).
 *
 * @module
 */

export {
  CredentialsQuery,
  ExternalService,
  ExternalServices,
  ExternalServicesQuery,
  NS_EXTERNAL_SERVICES,
  pushServices,
  queryCredentials,
  queryServices,
  ServiceCredentials,
  ServiceKey,
} from './elements.js'
export { type ExternalServicePushes, externalServices } from './external-services.js'
export {
  type Asking,
  type GetServicesOptions,
  getExternalServices,
  getServiceCredentials,
  type ServiceCallOptions,
} from './get-services.js'
export { getIceServers, type IceServer } from './ice-servers.js'
