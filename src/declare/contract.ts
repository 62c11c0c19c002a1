/** What the other side can know of a channel: plain payload types, no schemas, no handlers. */
export interface ChannelContract {
  readonly pattern: string;
  /** Event → what a publisher gives. */
  readonly publishes: object;
  /** Event → what a listener gets. */
  readonly events: object;
  /** What of each member is shown; never without presence. */
  readonly member: unknown;
  /** What who arrives is given; never without a snapshot. */
  readonly state: unknown;
  /** Are its events kept, so that who comes back is told what it missed, or that it can't be? */
  readonly history: boolean;
}

/** What the other side can know of an endpoint. */
export interface EndpointContract {
  readonly path: string;
  readonly query: unknown;
  /** Message → what a client gives. */
  readonly receives: object;
  /** Message → what a client gets back. */
  readonly replies: object;
  /** Message → what a client gets. */
  readonly sends: object;
  /** Pattern → channel. */
  readonly channels: object;
}

/** What a declaration carries for the type checker only; at run time it isn't there. */
export interface Carries<Contract> {
  readonly "~contract"?: Contract | undefined;
}
/** The contract that a declaration carries: `ContractOf<typeof room>`. */
export type ContractOf<T> = T extends Carries<infer Contract> ? NonNullable<Contract> : never;

export type ParamNames<Pattern extends string> = Pattern extends `${string}:${infer Name}/${infer After}`
  ? Name | ParamNames<After>
  : Pattern extends `${string}:${infer Name}`
    ? Name
    : never;

/** `"/ws/rooms/:room"` → `{ room: string }` */
export type Params<Pattern extends string> = string extends Pattern
  ? Readonly<Record<string, string>>
  : { readonly [Name in ParamNames<Pattern>]: string };

/** `"prices/:symbol"` → `` `prices/${string}` `` */
export type Template<Pattern extends string> = Pattern extends `${infer Before}:${string}/${infer After}`
  ? `${Before}${string}/${Template<After>}`
  : Pattern extends `${infer Before}:${string}`
    ? `${Before}${string}`
    : Pattern;

/** What `T` has at `K`, or `Otherwise` where it has no such key. */
export type At<T, K, Otherwise = never> = T extends unknown ? (K extends keyof T ? T[K] : Otherwise) : never;

/** A union of one shape per key: `{ type, payload }`. */
export type EventOf<Events> = Events extends unknown
  ? string extends keyof Events
    ? ShapeOf<Named<Events>> | { readonly type: string; readonly payload: Events[keyof Events & string] }
    : ShapeOf<Events>
  : never;
type ShapeOf<Events> = {
  [Type in keyof Events]: { readonly type: Type; readonly payload: Events[Type] };
}[keyof Events];
/** Those with a name of their own, where others may have any. */
type Named<Events> = {
  [Type in keyof Events as string extends Type ? never : number extends Type ? never : Type]: Events[Type];
};

/** `{}` may be left out. */
// biome-ignore lint/complexity/noBannedTypes: `{}` is meant: is there nothing that must be given?
export type PayloadArgs<T> = {} extends T ? [payload?: T] : [payload: T];

type EventsIn<Channels> = {
  [Pattern in keyof Channels]: Channels[Pattern] extends { readonly events: infer Events } ? Events : never;
}[keyof Channels];

/** Everything that can arrive at a client of an endpoint, by name. One object, so that a wrong name is answered with the list of names. */
export type Arrivals<Contract extends EndpointContract> = {
  [Event in EventOf<Contract["sends"] | EventsIn<Contract["channels"]>> as Event["type"]]: Event["payload"];
};

/** With any name in the place of `"*"`, where that is declared. */
export type WithAny<Declared> = "*" extends keyof Declared
  ? { [Type in keyof Declared as Type extends "*" ? string : Type]: Declared[Type] }
  : Declared;
