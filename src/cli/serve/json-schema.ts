/** A JSON Schema (draft 2020-12), as a config file writes one. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

/** What the schema of our own configuration is made of. */
export interface SettingSchema extends JsonSchema {
  readonly $ref?: string | undefined;
  readonly type?: string | undefined;
  readonly description?: string | undefined;
  readonly default?: unknown;
  readonly enum?: readonly string[] | undefined;
  readonly properties?: Readonly<Record<string, SettingSchema>> | undefined;
  readonly additionalProperties?: SettingSchema | boolean | undefined;
  readonly items?: SettingSchema | undefined;
  readonly anyOf?: readonly SettingSchema[] | undefined;
  /** A secret: it is never shown. */
  readonly writeOnly?: boolean | undefined;
}
