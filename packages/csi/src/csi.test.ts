import { fakeSession } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { csi } from './csi.js'
import { CsiActive, CsiFeature, CsiInactive, NS_CSI } from './elements.js'

function setUp(serverFeatures = [CsiFeature()]) {
  const session = fakeSession({ serverFeatures })
  const api = session.install(csi())
  const told = (): string[] => session.nonzas.map((element) => element.name)
  return { session, api, told }
}

describe('csi', () => {
  test('tells each change once', () => {
    const { session, api, told } = setUp()
    api.active()
    expect(told()).toEqual([]) // every stream begins so
    api.inactive()
    api.inactive()
    expect(api.state).toBe('inactive')
    api.active()
    expect([api.state, told()]).toEqual(['active', ['inactive', 'active']])
    expect(session.nonzas.map((element) => [CsiInactive, CsiActive].some((def) => def.matches(element)))).toEqual([
      true,
      true,
    ])
  })

  test('R-046 the state is told again in a new session, and nothing if it is the one a stream begins with', async () => {
    const { session, api, told } = setUp()
    api.inactive()
    session.lose()
    await session.begin()
    expect(told()).toEqual(['inactive', 'inactive'])
    session.lose()
    api.active()
    await session.begin()
    expect(told()).toEqual(['inactive', 'inactive'])
  })

  test('R-046 what was said without a session is told when there is one', async () => {
    const { session, api, told } = setUp()
    session.lose()
    api.inactive()
    expect([told(), api.supported]).toEqual([[], false])
    await session.begin()
    expect([told(), api.supported]).toEqual([['inactive'], true])
  })

  test('a server that does not offer it is told nothing', async () => {
    const { session, api, told } = setUp([])
    expect(api.supported).toBe(false)
    api.inactive()
    await session.begin()
    api.active()
    expect(told()).toEqual([])
  })

  test('R-046 the state is told again when the session goes on in a new stream', async () => {
    const { session, api, told } = setUp()
    api.inactive()
    session.lose()
    await session.resume()
    expect(told()).toEqual(['inactive', 'inactive'])
    session.lose()
    api.active()
    await session.resume()
    expect(told()).toEqual(['inactive', 'inactive'])
  })

  test('R-046 a session that an earlier process has begun is told once', async () => {
    const { session, api, told } = setUp()
    session.lose()
    api.inactive()
    await session.resume(true)
    expect([told(), api.supported]).toEqual([['inactive'], true])
    api.active()
    expect(told()).toEqual(['inactive', 'active'])
  })

  test('R-046 what was said while binding is not said again', async () => {
    const { session, api, told } = setUp()
    expect(session.inline).toEqual([{ feature: NS_CSI, element: undefined }])
    session.lose()
    api.inactive()
    expect(session.inline).toEqual([{ feature: NS_CSI, element: CsiInactive() }])
    await session.begin([NS_CSI])
    expect(told()).toEqual([])
  })

  test('R-046 a change of mind while binding is told', async () => {
    const { session, api, told } = setUp()
    session.lose()
    api.inactive()
    expect(session.inline).toHaveLength(1)
    api.active()
    await session.begin([NS_CSI])
    expect(told()).toEqual(['active'])
  })

  test('who could do it while binding wants to know later, too', async () => {
    const { session, api, told } = setUp([])
    await session.begin([NS_CSI])
    api.inactive()
    session.lose()
    expect(api.supported).toBe(false)
    await session.resume()
    expect([api.supported, told()]).toEqual([true, ['inactive', 'inactive']])
  })
})
