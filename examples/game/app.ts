import { channel, createApp, dependency, endpoint } from "tidings";
import { z } from "zod";
import { user } from "../sign-in.js";
import { Game } from "./game.js";

const place = z.object({ x: z.number(), y: z.number() });

/** The world, step by step. Who is in it is its presence. */
const arena = channel("arena", {
  events: {
    frame: z.object({
      tick: z.int(),
      players: z.array(place.extend({ id: z.string(), score: z.int() })).readonly(),
      stars: z.array(place).readonly(),
    }),
  },
  presence: true,
  // An old frame is of no use to anybody: of those that wait for a slow reader only the latest is sent.
  overflow: { keepLatestBy: ({ type }) => type },
});

/** One for the app. What `publish` rejects with goes to the app's `onError`: nobody waits for it. */
export const game = dependency({
  scope: "app",
  create: ({ app }) => new Game((frame) => void app.publish(arena(), "frame", frame)),
});

/** Each of a direction's two parts. Who says anything else is answered `invalid_payload`, and goes on as before. */
const part = z.number().min(-1).max(1);

export const play = endpoint("/ws/game", {
  auth: user,
  needs: { game },
  receives: { steer: z.object({ x: part, y: part }) },
  channels: [arena],
  // As many as a page has to say at the world's own pace, and some to spare.
  limits: { messages: "30/1s" },
  async open({ connection, game, user }) {
    await connection.join(arena());
    game.enter(user.id);
  },
  on: { steer: ({ game, user }, direction) => game.steer(user.id, direction) },
  close: ({ game, user }) => game.leave(user.id),
});

export const app = createApp({ endpoints: [play] });
