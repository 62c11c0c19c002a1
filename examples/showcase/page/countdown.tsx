import { useEffect, useReducer } from "react";
import type { LiveClient } from "./showcase.js";

/** How long it is until the client dials again. */
export function Countdown({ client }: { readonly client: LiveClient }) {
  const [, look] = useReducer((looks: number) => looks + 1, 0);
  useEffect(() => {
    const timer = setInterval(look, 250);
    return () => clearInterval(timer);
  }, []);
  const { retryAtMs } = client;
  if (retryAtMs === undefined) return null;
  return <>Connecting again in {Math.max(0, Math.ceil((retryAtMs - Date.now()) / 1_000))} s.</>;
}
