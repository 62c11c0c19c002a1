/** How the command ends, for scripts; `docs/reference/cli.md` has them too. */
export const exitCodes = {
  /** It was done. */
  done: 0,
  /** It was tried, and did not succeed: refused, answered with an error, too late, or what was checked is not right. */
  failed: 1,
  /** It could not be tried: the arguments, the options or the configuration can't be. */
  misused: 2,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
