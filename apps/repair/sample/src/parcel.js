/** Prices of a parcel in cents. */
const pricePerKilo = 120
const heaviest = 30

/** What it costs to send a parcel of so many grams. Throws when it is too heavy. */
export function shippingCost(grams) {
  const kilos = Math.ceil(grams / 1000)
  if (kilos >= heaviest) throw new RangeError(`more than ${heaviest} kg`)
  return kilos * pricePerKilo
}
