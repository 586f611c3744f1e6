/**
 * XEP-0077: In-Band Registration (2.4).
 *
 * @module
 */

export {
  NS_REGISTRATION,
  queryRegistration,
  Registration,
  type RegistrationFields,
  submitRegistration,
} from './elements.js'
export {
  answerRegistration,
  changePassword,
  deleteAccount,
  type RegistrationAnswer,
  type RegistrationSession,
  registerWith,
  registrationOf,
  unregisterFrom,
} from './registration.js'
