import assert from 'node:assert/strict'
import { test } from 'node:test'
import { orderTotal } from '../src/order.js'
import { shippingCost } from '../src/parcel.js'

test('each kilogram that has begun is paid for', () => {
  assert.equal(shippingCost(1), 120)
  assert.equal(shippingCost(1000), 120)
  assert.equal(shippingCost(1001), 240)
})

test('30 kg can be sent, and no more', () => {
  assert.equal(shippingCost(30_000), 3600)
  assert.throws(() => shippingCost(30_001), RangeError)
})

test('an order pays for the weight of all its items', () => {
  assert.equal(orderTotal([{ price: 1000, count: 3, grams: 700 }]), 3000 + 360)
})

test('sending is free from 5000 cents on', () => {
  assert.equal(orderTotal([{ price: 2500, count: 2, grams: 9000 }]), 5000)
})
