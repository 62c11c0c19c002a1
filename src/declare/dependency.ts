import { ConfigError } from "../base/config-error.js";
import { checkOptions, requireOption } from "../base/options.js";
import { describeGiven } from "../base/quantity.js";
import type { KnownNames, Refuse } from "./advice.js";
import type { App } from "./app.js";
import type { CredentialDefinition, CredentialWay } from "./credential.js";
import type { Handshake } from "./handshake.js";
import type { Identity } from "./identity.js";

/** How long a dependency's value lives: as long as one connection, or as long as the app runs. */
export type Scope = "app" | "connection";

/** A value that somebody needs, made once per connection or once per app. */
export interface Dependency<Value, Where extends Scope = Scope> {
  readonly "~is": "dependency";
  readonly scope: Where;
  /** For the type checker only. */
  readonly "~value"?: Value | undefined;
  readonly "~definition": DependencyDefinition;
}
/** Name → dependency. */
export type Dependencies = Readonly<Record<string, Dependency<unknown>>>;
/** Name → what was made. */
export type Values<Needs> = [Needs] extends [undefined]
  ? Record<never, never>
  : { readonly [Name in keyof Needs]: Needs[Name] extends Dependency<infer Value> ? Value : never };

/** What is there when the app starts. */
export interface OfApp {
  readonly app: App;
}
/** What is there while somebody connects. */
export interface OfConnection extends OfApp {
  readonly request: Handshake;
  /** Aborted when the connection closes, or was refused. */
  readonly signal: AbortSignal;
}
/** What `create` is given beside what it needs. */
export type Given<Where extends Scope> = Where extends "app" ? OfApp : OfConnection;

/** What `dependency` takes. */
export interface DependencyOptions<Needs extends Dependencies | undefined, Where extends Scope | undefined, Value> {
  /** What it is made from. Each is made first, once. */
  needs?:
    | (Needs &
        Refuse<WrongScope<Needs, Where>, "A dependency of the app cannot need one of a connection."> &
        Refuse<KnownNames<Needs> & keyof Given<ScopeOf<Where>>, "`create` is given this name already: choose another.">)
    | undefined;
  /** `"connection"` by default: made before a handshake is accepted, once per connection. `"app"`: when the app starts, once. */
  scope?: Where | undefined;
  /** What it throws refuses the connection: a `TidingsError` with its code, anything else with `internal`. */
  create: (given: Values<NoInfer<Needs>> & Given<ScopeOf<NoInfer<Where>>>) => Value | Promise<Value>;
  /** Called when its scope ends, last made first. Without it `Symbol.asyncDispose` or `Symbol.dispose` of the value is. */
  dispose?: ((value: NoInfer<Value>) => unknown) | undefined;
}
/** The scope of what was written, or left out. */
type ScopeOf<Where> = Where extends Scope ? Where : "connection";
type WrongScope<Needs, Where> = Where extends "app"
  ? { [Name in keyof Needs]: Needs[Name] extends Dependency<unknown, "app"> ? never : Name }[keyof Needs]
  : never;

/**
 * Declares a value that endpoints, and other dependencies, can need.
 *
 * Where it needs something that is no dependency, needs itself, or belongs to the app and needs something of a connection,
 * `createApp` throws a `ConfigError` that names the way there.
 */
export function dependency<
  Value,
  Needs extends Dependencies | undefined = undefined,
  Where extends Scope | undefined = undefined,
>(options: DependencyOptions<Needs, Where, Value>): Dependency<Value, ScopeOf<NoInfer<Where>>> {
  // `Where` is what was written, not what the place it is used in would take: that is what `NoInfer` is for.
  // What the types have tied together above is read back here by name, as the core needs it.
  const given = options as unknown as UntypedOptions;
  checkOptions("dependency()", given, { needs: "object", scope: "text", create: "function", dispose: "function" });
  requireOption("dependency()", given, "create", "function");
  const scope = given.scope ?? "connection";
  if (scope !== "app" && scope !== "connection") throw unknownScope(scope);
  return {
    "~is": "dependency",
    scope: scope as ScopeOf<NoInfer<Where>>, // where it was left out, both are "connection"
    "~definition": { kind: "made", scope, needs: given.needs ?? {}, create: given.create, dispose: given.dispose },
  };
}

/** A dependency that tells who somebody is by a token. */
export function credential<User extends Identity>(ways: readonly CredentialWay[]): Dependency<User, "connection"> {
  const definition: CredentialDefinition = {
    kind: "credential",
    scope: "connection",
    // One that firstOf() took over stays its maker's.
    ways: ways.map((way) => ({ ...way, owner: way.owner ?? (() => definition) })),
  };
  return { "~is": "dependency", scope: "connection", "~definition": definition };
}

/** What the core reads of a dependency. Two of them are the same where this is the same object. */
export type DependencyDefinition = MadeDefinition | CredentialDefinition;

/** A dependency that app code makes. */
export interface MadeDefinition {
  readonly kind: "made";
  readonly scope: Scope;
  /** As it was given: read when the app is put together, so that two may be declared in either order. */
  readonly needs: Dependencies;
  readonly create: (given: Readonly<Record<string, unknown>>) => unknown;
  readonly dispose: ((value: unknown) => unknown) | undefined;
}

export function isDependency(value: unknown): value is Dependency<unknown> {
  return typeof value === "object" && value !== null && "~is" in value && value["~is"] === "dependency";
}

interface UntypedOptions {
  readonly needs?: Dependencies | undefined;
  readonly scope?: Scope | undefined;
  readonly create: MadeDefinition["create"];
  readonly dispose?: MadeDefinition["dispose"];
}

function unknownScope(scope: unknown): ConfigError {
  return new ConfigError("invalid_scope", {
    message: `dependency() is given ${describeGiven(scope)} for its \`scope\`.`,
    fix: 'Write "connection" (the default) or "app".',
  });
}
