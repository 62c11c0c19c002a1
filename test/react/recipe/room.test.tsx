// room.test.tsx
// @vitest-environment happy-dom
import { act } from "react";
import { createRoot } from "react-dom/client";
import { TidingsProvider } from "tidings/react";
import { startTestApp } from "tidings/testing";
import { expect, test } from "vitest";
import { app, chat, type desk, user } from "./app.js";
import { Room } from "./room.js";

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

test("a room shows what was said before, and what is said now", async () => {
  await using server = await startTestApp(app, { override: [[user, ({ token }) => ({ id: token, sub: token })]] });
  await server.app.publish(chat({ room: "lobby" }), "said", { from: "Bob", text: "before" });

  const page = document.createElement("main");
  const root = createRoot(page);
  const client = server.client<typeof desk>("/ws", { token: "ana" });
  await act(() =>
    root.render(
      <TidingsProvider client={client}>
        <Room room="lobby" />
      </TidingsProvider>,
    ),
  );
  await act(() => server.clock.advance("1s")); // it dials, subscribes, and asks what was said
  expect(page.textContent).toBe("Bob: before");

  await act(() => server.app.publish(chat({ room: "lobby" }), "said", { from: "Bob", text: "now" }));
  await act(() => server.clock.advance("1s"));
  expect(page.textContent).toBe("Bob: beforeBob: now");
  await act(() => root.unmount());
});
