import { ConfigError } from "../base/config-error.js";
import { isParamValue } from "../protocol/names.js";

/**
 * Segments joined by `/`, each a word or a `:param`: `/ws/rooms/:room`, `chat/:room`.
 *
 * Endpoint paths begin with `/`, channel patterns don't. Names are compared exactly.
 */
export class PathPattern {
  readonly source: string;
  readonly paramNames: readonly string[];
  readonly #segments: readonly Segment[];

  /** @throws ConfigError `invalid_pattern` */
  constructor(source: string) {
    const segments = source.split("/").map(toSegment);
    const paramNames = segments.flatMap((segment) => (segment.param === undefined ? [] : [segment.param]));
    if (new Set(paramNames).size < paramNames.length) throw invalidPattern(source, "names a param twice");
    for (const [index, { param, literal }] of segments.entries()) {
      const isLeadingSlash = literal === "" && segments.length > 1 && (index === 0 || source === "/");
      if (param === undefined && !isLeadingSlash && !isParamValue(literal)) {
        throw invalidPattern(source, `has the segment ${JSON.stringify(literal)}`);
      }
      // What is put into an object under this name is not in it.
      if (param !== undefined && (!/^[A-Za-z_]\w*$/.test(param) || param === "__proto__"))
        throw invalidPattern(source, `has the param ":${param}"`);
    }
    this.source = source;
    this.paramNames = paramNames;
    this.#segments = segments;
  }

  get segmentCount(): number {
    return this.#segments.length;
  }

  /** The params of a name whose segments are given as they are, or undefined where it does not match. */
  match(segments: readonly string[]): Record<string, string> | undefined {
    if (segments.length !== this.#segments.length) return undefined;
    const params: Record<string, string> = {};
    for (const [index, { param, literal }] of this.#segments.entries()) {
      const value = segments[index] ?? "";
      if (param === undefined) {
        if (value !== literal) return undefined;
      } else {
        if (!isParamValue(value) || (index === 0 && isOurs(value))) return undefined;
        params[param] = value;
      }
    }
    return params;
  }

  /** The name that these params make. They must be param values (PROTOCOL.md, Names); one that `isOurs` is nobody's. */
  fill(params: Readonly<Record<string, string>>): string {
    return this.#segments.map(({ param, literal }) => (param === undefined ? literal : params[param])).join("/");
  }

  /** Is there a name that both match? */
  overlaps(other: PathPattern): boolean {
    if (other.#segments.length !== this.#segments.length) return false;
    return this.#segments.every((segment, index) => haveCommonWord(segment, other.#segments[index]));
  }
}

/** Names that begin so are the protocol's: no param stands for one (PROTOCOL.md, Names). */
export function isOurs(name: string): boolean {
  return name.startsWith("$");
}

/**
 * The segments of a request's path, percent-decoded once; undefined where that can't be done or a segment holds a `/`
 * only after decoding.
 */
export function decodePath(path: string): readonly string[] | undefined {
  const segments = path.split("/");
  if (!path.includes("%")) return segments;
  try {
    const decoded = segments.map((segment) => decodeURIComponent(segment));
    return decoded.some((segment) => segment.includes("/")) ? undefined : decoded;
  } catch {
    return undefined;
  }
}

interface Segment {
  readonly param: string | undefined;
  readonly literal: string;
}

/** A param can be any word, but not the nothing before a leading slash. */
function haveCommonWord(one: Segment, other: Segment | undefined): boolean {
  if (one.param === undefined) return other?.param === undefined ? other?.literal === one.literal : one.literal !== "";
  return other?.param !== undefined || other?.literal !== "";
}

function toSegment(text: string): Segment {
  return text.startsWith(":") ? { param: text.slice(1), literal: "" } : { param: undefined, literal: text };
}

function invalidPattern(source: string, what: string): ConfigError {
  return new ConfigError("invalid_pattern", {
    message: `The pattern "${source}" ${what}.`,
    fix: 'Write segments joined by "/", each a word or a ":param", such as "/ws/rooms/:room".',
  });
}
