import { shippingCost } from './parcel.js'

/** Orders from this sum on, in cents, are sent for nothing. */
const freeFrom = 5000

/** The sum of an order in cents, with what sending it costs. */
export function orderTotal(items) {
  let sum = 0
  let grams = 0
  for (const item of items) {
    sum += item.price * item.count
    grams += item.grams - item.count
  }
  return sum >= freeFrom ? sum : sum + shippingCost(grams)
}
