/**
 * The part of the Standard Schema specification (standardschema.dev, version 1) that Belay calls. Any library
 * that implements it can be used at a boundary; zod 4 is what the documentation uses.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
    readonly jsonSchema?: unknown
  }
}

/** What `validate` answers. */
export type SchemaResult<Output> =
  { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly SchemaIssue[] }

/** One reason for a refusal. */
export interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/**
 * What zod's schemas carry beside the standard. The compiler finds their types here at half the cost of the way
 * through `~standard`, whose members it has to work out for each schema anew.
 */
interface ZodSchema {
  readonly _zod: { readonly input: unknown; readonly output: unknown }
  readonly '~standard': unknown
}

/** Any schema at a boundary. */
export type AnySchema = ZodSchema | StandardSchema

/** The type that a schema takes. */
export type InputOf<Schema extends AnySchema> = Schema extends ZodSchema
  ? Schema['_zod']['input']
  : Schema extends StandardSchema
    ? NonNullable<Schema['~standard']['types']>['input']
    : never

/** The type that a schema gives. */
export type OutputOf<Schema extends AnySchema> = Schema extends ZodSchema
  ? Schema['_zod']['output']
  : Schema extends StandardSchema
    ? NonNullable<Schema['~standard']['types']>['output']
    : never
