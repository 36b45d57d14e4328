/** Any value that JSON can hold. Stores keep it byte for byte; core refuses what does not fit before a store sees it. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject

/** A JSON object. */
export interface JsonObject {
  readonly [key: string]: Json
}
