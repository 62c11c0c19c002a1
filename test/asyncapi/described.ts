import { Routes } from "../../src/app/routes.js";
import { type AppGiven, type DescribedApp, describeApp } from "../../src/asyncapi/describe-app.js";
import type { AnyEndpoint } from "../../src/declare/endpoint.js";

/** The document of an app of these endpoints, and what is to be said of it. */
export function described(endpoints: readonly AnyEndpoint[], rest: Omit<AppGiven, "endpoints"> = {}): DescribedApp {
  const { all } = new Routes({ endpoints });
  return describeApp({
    ...rest,
    endpoints: all.map(({ endpoint, limits, plan }) => ({
      definition: endpoint,
      ways: plan.ways,
      isRefreshable: plan.refreshable.size > 0,
      limits,
    })),
  });
}
