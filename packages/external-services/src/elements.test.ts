import { vectors } from '@couplet/testing'
import { describe, test } from 'vitest'
import {
  CredentialsQuery,
  ExternalService,
  ExternalServices,
  ExternalServicesQuery,
  ServiceCredentials,
} from './elements.js'

describe('XEP-0215', () => {
  const folder = new URL('../../../test-vectors/xep-0215/', import.meta.url)
  const definitions = {
    query: ExternalServicesQuery,
    services: ExternalServices,
    service: ExternalService,
    'credentials-query': CredentialsQuery,
    credentials: ServiceCredentials,
  }
  test.each(vectors(folder, definitions))('$name', ({ check }) => check())
})
