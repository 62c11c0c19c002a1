// The doors of an unpacked package, as its package.json has them.
import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Each way to each door: `{ door: "tidings/client", condition: "node", code: "dist/client/node.js", types: … }`. The condition
 * of what everybody else is given is `default`.
 */
export function waysTo(folder) {
  const { name, exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return Object.entries(exports)
    .filter(([path]) => path !== "./package.json")
    .flatMap(([path, target]) => waysOf(target).map((way) => ({ door: path.replace(".", name), ...way })));
}

/** The doors' names, once each. */
export function doorsOf(folder) {
  return [...new Set(waysTo(folder).map(({ door }) => door))];
}

/** A door of package.json either has files for everybody, or under each condition. */
function waysOf({ types, default: code, ...others }, condition = "default") {
  const conditional = Object.entries(others).flatMap(([name, target]) => waysOf(target, name));
  return [...conditional, { condition, code: plain(code), types: plain(types) }];
}

function plain(path) {
  return path.replace(/^\.\//, "");
}
