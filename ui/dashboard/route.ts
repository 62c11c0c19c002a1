/** Which connections a list is of. */
export type Which = "open" | "troubled" | "closed";

/** Where in the dashboard one is: what stands behind the address's `#`. */
export type Route =
  | { readonly page: "overview"; readonly process: string | undefined }
  | { readonly page: "connections"; readonly which: Which; readonly text: string; readonly process?: OneProcess }
  | { readonly page: "connection"; readonly id: string }
  | { readonly page: "channels"; readonly text: string; readonly process?: OneProcess };

/** Those of one process alone; undefined: of all. */
type OneProcess = string | undefined;

export const overview: Route = { page: "overview", process: undefined };

/** What nobody has written by hand is understood; all else is the overview. */
export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  const [page, name] = path.split(/\/(.*)/s);
  const fields = new URLSearchParams(query);
  const text = fields.get("text") ?? "";
  const which = fields.get("which") ?? "";
  const process = fields.get("process") ?? undefined;
  if (page === "processes" && name) return { page: "overview", process: decode(name) };
  if (page === "connections" && name) return { page: "connection", id: decode(name) };
  if (page === "connections") return { page, which: isWhich(which) ? which : "open", text, process };
  if (page === "channels") return { page, text, process };
  return overview;
}

/** What `parseRoute` makes the same route of. */
export function hrefOf(route: Route): string {
  switch (route.page) {
    case "overview":
      return route.process === undefined ? "#/" : `#/processes/${encodeURIComponent(route.process)}`;
    case "connections":
      return `#/connections${queryOf({ ...route, which: route.which === "open" ? "" : route.which })}`;
    case "connection":
      return `#/connections/${encodeURIComponent(route.id)}`;
    case "channels":
      return `#/channels${queryOf(route)}`;
  }
}

function isWhich(word: string): word is Which {
  return word === "open" || word === "troubled" || word === "closed";
}

interface Fields {
  readonly which?: string;
  readonly text: string;
  readonly process?: OneProcess;
}

function queryOf({ which = "", text, process = "" }: Fields): string {
  const said = Object.entries({ which, text, process }).filter(([, value]) => value !== "");
  return said.length === 0 ? "" : `?${new URLSearchParams(said)}`;
}

/** A link that was cut or typed may have a `%` that stands for nothing. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
