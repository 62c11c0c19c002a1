import { type AnyEndpoint, channel, endpoint } from "tidings";
import { z } from "zod";

/** An endpoint with a channel whose event `fatal` does something to the process that publishes it. */
export function fatalDesk(die: () => void): AnyEndpoint {
  const fatal = z.object({ n: z.number() }).refine(() => {
    die();
    return true;
  });
  const jobs = channel("jobs", { events: { fatal }, history: { size: 20, ttl: "5m" } });
  return endpoint("/ws/jobs", { channels: [jobs] });
}
