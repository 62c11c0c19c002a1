import { ConfigError } from "../index.js";

/** That a package is not there which is left to the user to install; undefined for whatever else went wrong. */
export function missingPackage(cause: unknown): ConfigError | undefined {
  if (!(cause instanceof Error)) return undefined;
  // As Node words it for `import` and for `require()`; of the package's own modules one may be named.
  const [, module = ""] = /^Cannot find (?:package|module) '([^']+)'/.exec(cause.message) ?? [];
  const name = USERS_OWN.find((each) => module === each || module.startsWith(`${each}/`));
  if (name === undefined) return undefined;
  return new ConfigError("missing_package", {
    message: `The package ${name} is not installed, and is needed here.`,
    fix: `Install it: npm install ${name}`,
    cause,
  });
}

/** What some feature needs that most do without, and the validators that are written of here. */
const USERS_OWN: readonly string[] = ["@opentelemetry/api", "piscina", "react", "redis", "valibot", "zod"];
