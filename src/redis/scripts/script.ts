import { createHash } from "node:crypto";

/**
 * What Redis does in one atomic step. It is sent as its hash (`EVALSHA`); each connection loads all of them first.
 *
 * KEYS are all in one slot. Whoever may run these needs the commands that docs/how-to/scale.md lists, and no others.
 */
export interface Script {
  readonly name: string;
  readonly source: string;
  readonly sha: string;
}

export function script(name: string, source: string): Script {
  return { name, source, sha: createHash("sha1").update(source).digest("hex") };
}

/** Milliseconds by Redis's clock. */
export const NOW: string = `
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
`;
