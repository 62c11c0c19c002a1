import { type ChannelRef, ConfigError, forbidden } from "../../index.js";
import { claimOf, textOf } from "./channel-rules.js";
import type { DeclaredChannel } from "./declared-channels.js";
import type { Person } from "./people.js";

/** A connection, or who asks to become one. Without a schema of their own params are texts. */
export interface Visitor {
  readonly user?: Person | undefined;
  readonly params: Readonly<Record<string, string>>;
}

/** A channel that who connects to an endpoint is put on. */
export interface Join {
  readonly channel: DeclaredChannel;
  paramsOf(visitor: Visitor): Readonly<Record<string, string>>;
}

/**
 * A channel of `join`: each of its params is one of the path, or a claim of the user by the channel's `match`.
 *
 * @throws {ConfigError} `unknown_channel`, `unfilled_param`
 */
export function joinAt(path: string, pattern: string, listed: readonly DeclaredChannel[]): Join {
  const channel = listed.find((each) => each.pattern === pattern);
  if (channel === undefined) {
    throw new ConfigError("unknown_channel", {
      message: `endpoints["${path}"].join has "${pattern}", which is not among its channels.`,
      fix: "List it in its `channels` too, or leave those out: then it has all.",
    });
  }
  const ofPath = paramNames(path);
  const sources = paramNames(pattern).map((param) => {
    const claim = channel.config.match?.[param];
    if (ofPath.includes(param)) return { param, read: ({ params }: Visitor) => params[param] };
    if (claim !== undefined) return { param, read: ({ user }: Visitor) => textOf(claimOf(user, claim)) };
    throw new ConfigError("unfilled_param", {
      message: `endpoints["${path}"].join has "${pattern}", and nothing says what its :${param} is.`,
      fix: `Have :${param} in the path, or name the claim: channels["${pattern}"].match = { "${param}": "sub" }.`,
    });
  });
  return {
    channel,
    paramsOf: (visitor) => Object.fromEntries(sources.map(({ param, read }) => [param, present(param, read(visitor))])),
  };
}

/** Throws a `TidingsError` where somebody's claims make no name. */
export function refOf({ channel, paramsOf }: Join, visitor: Visitor): ChannelRef {
  return channel.ref(paramsOf(visitor));
}

function paramNames(pattern: string): readonly string[] {
  return pattern
    .split("/")
    .filter((segment) => segment.startsWith(":"))
    .map((segment) => segment.slice(1));
}

function present(param: string, value: string | undefined): string {
  if (value !== undefined) return value;
  throw forbidden(`Nothing of the user says what \`${param}\` is.`);
}
