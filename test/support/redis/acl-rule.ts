import { readFileSync } from "node:fs";

/** What docs/how-to/scale.md says that a Redis user of the broker must be allowed, as `ACL SETUSER` takes it. */
export function readAclRule(): string {
  const text = readFileSync(new URL("../../../docs/how-to/scale.md", import.meta.url), "utf8");
  const rule = /ACL SETUSER \S+ on '>\S+' ((?:.|\n)+?)\n```/.exec(text)?.[1];
  if (rule === undefined) throw new Error("docs/how-to/scale.md has no ACL SETUSER.");
  // What a shell would make of it.
  return rule.replace(/\s*\\\n\s*/g, " ").replaceAll("'", "");
}
