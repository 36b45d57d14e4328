/**
 * A record that is being put together. Optional members are set one by one where records are made for every step: a
 * literal with spreads in its middle makes the engine of the language define each member slowly.
 */
export type Built<T> = { -readonly [Key in keyof T]: T[Key] }
