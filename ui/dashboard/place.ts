import { type Signal, signal } from "@preact/signals";
import { hrefOf, parseRoute, type Route } from "./route.js";

/** Where in the dashboard one is. */
export const place: Signal<Route> = signal(parseRoute(location.hash));

addEventListener("hashchange", () => {
  place.value = parseRoute(location.hash);
});

/** Another filter is the same place: the way back does not lead through each letter. */
export function stay(route: Route): void {
  history.replaceState(null, "", hrefOf(route));
  place.value = route;
}

/** As by a link. */
export function go(route: Route): void {
  location.hash = hrefOf(route);
}
