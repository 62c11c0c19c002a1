import { type AnyEndpoint, createApp, endpoint, group, rawEndpoint } from "tidings";
import { connect } from "tidings/client";
import { z } from "zod";
import { db, user } from "../declarations.js";

const lobby = endpoint("/lobby", { receives: { say: z.object({ text: z.string() }) }, on: { say() {} } });
const echo = rawEndpoint("/echo", {});
const [inV1, echoInV1] = group("/v1", { auth: user }, [lobby, echo]);

// @ts-expect-error the path without its prefix
connect<typeof inV1>("/lobby");
// @ts-expect-error another prefix
connect<typeof inV1>("/v2/lobby");
// @ts-expect-error a message that the endpoint does not receive
connect<typeof inV1>("/v1/lobby").send("shout", { text: "a" });
// @ts-expect-error a payload that does not fit
connect<typeof inV1>("/v1/lobby").send("say", { text: 1 });
// @ts-expect-error a raw endpoint stays raw
connect<typeof echoInV1>("/v1/echo").request("say", {});

// @ts-expect-error something of the app tells nobody who somebody is
group("/v1", { auth: db }, [lobby]);
// @ts-expect-error a list of endpoints
group("/v1", {}, lobby);
// @ts-expect-error of endpoints alone
group("/v1", {}, ["/lobby"]);
// @ts-expect-error no such option
group("/v1", { needs: { db } }, [lobby]);
// @ts-expect-error a list of middleware
group("/v1", { use: () => {} }, [lobby]);
// @ts-expect-error a limit of the whole app
group("/v1", { limits: { connections: 10 } }, [lobby]);
// @ts-expect-error there are options, if only none
group("/v1", [lobby]);
// @ts-expect-error a prefix is needed
group({ auth: user }, [lobby]);

const all: readonly AnyEndpoint[] = group("/v1", {}, [lobby]);
// @ts-expect-error a list is spread, or given as it is
createApp({ endpoints: [all] });
