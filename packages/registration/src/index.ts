/**
 * XEP-0077: In-Band Registration (2.4).
 *
 * @module
 */

export {
  NS_REGISTER_FEATURE,
  NS_REGISTRATION,
  queryRegistration,
  RegisterFeature,
  Registration,
  type RegistrationFields,
  submitRegistration,
} from './elements.js'
export {
  type RegisterAccountOptions,
  type RegistrationAnswers,
  type RegistrationStream,
  registerAccount,
} from './register-account.js'
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
export { RegistrationError, type RegistrationErrorCode } from './registration-error.js'
