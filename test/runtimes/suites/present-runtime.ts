export type Runtime = "node24" | "bun" | "deno";

/** By what only that one has: Bun and Deno name a version of Node too. */
export function presentRuntime(): Runtime | "another" {
  if (process.versions.bun !== undefined) return "bun";
  if ("Deno" in globalThis) return "deno";
  return process.versions.node.startsWith("24.") ? "node24" : "another";
}
