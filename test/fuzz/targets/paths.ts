import { ConfigError } from "../../../src/base/config-error.js";
import { Origins } from "../../../src/connection/origins.js";
import { HandshakeRequest, splitTarget } from "../../../src/connection/request.js";
import { decodePath, PathPattern } from "../../../src/declare/path-pattern.js";
import { readQuery } from "../../../src/http/api-query.js";
import { pathOf, readAsked } from "../../../src/http/asked.js";
import { createVisit } from "../../../src/http/visit.js";
import { isParamValue } from "../../../src/protocol/names.js";
import { TidingsError } from "../../../src/protocol/tidings-error.js";
import { RecordingUpgrade } from "../../support/recording-upgrade.js";
import { hold, type Target } from "../target.js";

const SECRET = "tOkEn0123456789";

export const paths: Target = {
  about: "patterns of paths, one a line, and last the target of a request: path, params, query",
  words: [
    ..."/ : . .. % %2F %2e %00 ? & = # ; + @ // \\ /ws/rooms/:room :room lobby $tasks token=".split(" "),
    ...[
      `token=${SECRET}`,
      `%74oken=${SECRET}`,
      "http://example.com",
      "https://",
      "[::1]",
      "a".repeat(130),
      "é".repeat(70),
    ],
  ],
  open: () => ({
    read: (input) => {
      const lines = input.toString("latin1").split("\n");
      const target = lines.pop() ?? "";
      readTarget(
        target,
        lines.flatMap((line) => patternOf(Buffer.from(line, "latin1").toString()) ?? []),
      );
    },
  }),
};

function patternOf(source: string): PathPattern | undefined {
  try {
    return new PathPattern(source);
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

function readTarget(target: string, patterns: readonly PathPattern[]): void {
  // What `node:http` lets through as a target.
  if (target === "" || /[^\x21-\x7e\x80-\xff]/.test(target)) return;
  const { path } = splitTarget(target);
  const segments = decodePath(path);
  const matching = patterns.filter((pattern) => segments !== undefined && pattern.match(segments) !== undefined);
  for (const pattern of matching) matches(pattern, segments ?? []);
  for (const [index, one] of patterns.entries()) {
    for (const other of patterns.slice(index)) {
      hold(one.overlaps(other) === other.overlaps(one), "overlapping goes both ways", [one.source, other.source]);
      const isShared = matching.includes(one) && matching.includes(other);
      hold(!isShared || one.overlaps(other), "what both match is where they overlap", [one.source, other.source]);
    }
  }
  // Every endpoint's path begins so: no other target comes as far as its query.
  if (path.startsWith("/")) readQueries(target);
}

function matches(pattern: PathPattern, segments: readonly string[]): void {
  const params = pattern.match(segments) ?? {};
  hold(Object.values(params).every(isParamValue), "a param is a value that may be one", params);
  hold(pattern.fill(params) === segments.join("/"), "what matches is filled in alike", {
    source: pattern.source,
    params,
  });
}

function readQueries(target: string): void {
  const upgrade = new RecordingUpgrade({ target });
  const request = new HandshakeRequest({ upgrade, params: {}, offered: [], origins: new Origins(undefined) });
  const shown = [String(request.url), JSON.stringify(request.query), JSON.stringify([...request.headers])].join("\n");
  const given = new URLSearchParams(splitTarget(target).search).getAll("token").filter((token) => token === SECRET);
  const isTokenAlone = target.split(SECRET).length === given.length + 1;
  hold(!isTokenAlone || !shown.includes(SECRET), "a token in the query is shown to nobody", shown);
  hold(!Object.hasOwn(request.query, "token"), "no token is in the query", request.query);

  const asked = readAsked({ url: target, rawHeaders: ["Host", "localhost"] });
  pathOf(asked);
  hold(createVisit(asked, undefined).url.host === "localhost", "a target leads nowhere else", target);
  try {
    readQuery({}, target);
  } catch (error) {
    if (!(error instanceof TidingsError && error.code === "bad_request")) throw error;
  }
}
