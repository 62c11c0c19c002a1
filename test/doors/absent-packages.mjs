// Hooks of Node's loader: packages that are installed are not found.
let absent = [];

export function initialize(names) {
  absent = names;
}

export function resolve(specifier, context, next) {
  const isAbsent = absent.some((name) => specifier === name || specifier.startsWith(`${name}/`));
  if (isAbsent) throw Object.assign(new Error(`${specifier} is not installed here.`), { code: "ERR_MODULE_NOT_FOUND" });
  return next(specifier, context);
}
