import { vectors } from '@couplet/testing'
import { describe, test } from 'vitest'
import {
  DirectInvitation,
  MucAdmin,
  MucJoin,
  MucOwner,
  MucUser,
  OccupantId,
  RoomInfoForm,
  RoomRegistration,
  VoiceRequest,
} from './elements.js'

const folder = (xep: string): URL => new URL(`../../../test-vectors/${xep}/`, import.meta.url)

describe('XEP-0045', () => {
  const definitions = {
    join: MucJoin,
    user: MucUser,
    admin: MucAdmin,
    owner: MucOwner,
    registration: RoomRegistration,
    'room-info': RoomInfoForm,
    voice: VoiceRequest,
  }
  test.each(vectors(folder('xep-0045'), definitions))('$name', ({ check }) => check())
})

describe('XEP-0249', () => {
  test.each(vectors(folder('xep-0249'), { invitation: DirectInvitation }))('$name', ({ check }) => check())
})

describe('XEP-0421', () => {
  test.each(vectors(folder('xep-0421'), { 'occupant-id': OccupantId }))('$name', ({ check }) => check())
})
