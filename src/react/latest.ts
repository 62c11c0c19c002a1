import { useInsertionEffect, useRef } from "react";

/** What was given with the last render that is on the page. To be read in effects and listeners, never while rendering. */
export function useLatest<Value>(value: Value): { readonly current: Value } {
  const latest = useRef(value);
  // Before all other effects, so that what they start does not see the one before.
  useInsertionEffect(() => {
    latest.current = value;
  });
  return latest;
}
