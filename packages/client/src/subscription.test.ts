import { expect, test, vi } from 'vitest'
import { Subscription } from './subscription.js'

test('a subscription ends once', () => {
  const end = vi.fn()
  const subscription = new Subscription(end)
  subscription.dispose()
  subscription.dispose()
  expect(end).toHaveBeenCalledOnce()
})

test('a subscription that ends itself ends once', () => {
  const end = vi.fn(() => subscription.dispose())
  const subscription = new Subscription(end)
  subscription.dispose()
  expect(end).toHaveBeenCalledOnce()
})

test('a subscription works with `using`', () => {
  const end = vi.fn()
  {
    using subscription = new Subscription(end)
    expect(subscription).toBeInstanceOf(Subscription)
    expect(end).not.toHaveBeenCalled()
  }
  expect(end).toHaveBeenCalledOnce()
})
