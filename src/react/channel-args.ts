/** What the args of `subscribe` say: which channel of a pattern, and what else. */
export interface ChannelArgs {
  /** The same for the same channel, however its params are given. */
  readonly key: string;
  /** One object, or nothing where the pattern has no params. */
  readonly params: readonly unknown[];
  readonly options: unknown;
}

export function readChannelArgs(pattern: string, args: readonly unknown[]): ChannelArgs {
  const names = pattern.match(/(?<=(?:^|\/):)\w+/g);
  if (names === null) return { key: pattern, params: [], options: args[0] };
  const [params, options] = args;
  // Sound: where a pattern has params, they come first, by the types of `subscribe`.
  const values = params as Readonly<Record<string, string>>;
  return { key: JSON.stringify([pattern, ...names.map((name) => values[name])]), params: [params], options };
}
