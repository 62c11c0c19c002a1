import { expect, test, vi } from "vitest";
import { bundle } from "../../examples/showcase/build-page.js";

test("building the page leaves the environment as it is: the app that starts next is in development", async () => {
  vi.stubEnv("NODE_ENV", undefined);
  try {
    const made = await bundle();
    expect(made.map(({ fileName }) => fileName)).toContain("index.html");
    expect(process.env.NODE_ENV).toBeUndefined();
  } finally {
    vi.unstubAllEnvs();
  }
});
