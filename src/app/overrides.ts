import { ConfigError } from "../base/config-error.js";
import type { DependencyDefinition } from "../declare/dependency.js";
import type { Routes } from "./routes.js";

/**
 * Does a test replace something that nothing needs? Then it tests something else than it says.
 *
 * @throws ConfigError `unused_override`
 */
export function checkOverrides({ all }: Routes, overrides: ReadonlyMap<DependencyDefinition, unknown>): void {
  const used = new Set<DependencyDefinition>();
  for (const { plan } of all) {
    for (const { definition } of plan.steps) used.add(definition);
    // A credential that firstOf() took over can be replaced by itself.
    for (const { owner } of plan.ways) if (owner !== undefined) used.add(owner());
  }
  for (const definition of overrides.keys()) {
    // What belongs to the app may be fetched by app.get() alone.
    if (used.has(definition) || definition.scope === "app") continue;
    throw new ConfigError("unused_override", {
      message: "A dependency that no endpoint of this app needs is overridden.",
      fix: "Take it out, or override what the endpoint names; what an overridden dependency needs is not made at all.",
    });
  }
}
