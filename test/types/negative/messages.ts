import { endpoint } from "tidings";
import { z } from "zod";

const say = z.object({ text: z.string() });
const count = z.object({ n: z.number() });

// @ts-expect-error a handler for a message that is not received
endpoint("/a", { receives: { say }, on: { say() {}, sya() {} } });
// @ts-expect-error a handler where nothing is received
endpoint("/a", { on: { say() {} } });
// @ts-expect-error a message without a handler
endpoint("/a", { receives: { say, add: say }, on: { say() {} } });
// @ts-expect-error no key of the payload
endpoint("/a", { receives: { say }, on: { say: (_, { txt }) => txt } });
// @ts-expect-error a handler of another payload
endpoint("/a", { receives: { say }, on: { say: (_, payload: { text: number }) => payload.text } });
// @ts-expect-error the payload as the client gives it, not as the schema makes it
endpoint("/a", { receives: { at: z.coerce.date() }, on: { at: (_, at: string) => at } });
// @ts-expect-error no handler but a value
endpoint("/a", { receives: { say }, on: { say: "hello" } });
// @ts-expect-error a function is no schema
endpoint("/a", { receives: { say: (text: string) => text }, on: { say() {} } });
// @ts-expect-error the name of a type is no schema
endpoint("/a", { receives: { say: "string" }, on: { say() {} } });
// @ts-expect-error messages by name, not in a list
endpoint("/a", { receives: ["say"], on: { say() {} } });

// @ts-expect-error a reply that does not fit
endpoint("/a", { receives: { say }, replies: { say: count }, on: { say: (_, { text }) => ({ n: text }) } });
// @ts-expect-error a later reply that does not fit
endpoint("/a", { receives: { say }, replies: { say: count }, on: { say: async (_, { text }) => ({ n: text }) } });
// @ts-expect-error no reply where one is declared
endpoint("/a", { receives: { say }, replies: { say: count }, on: { say() {} } });
// @ts-expect-error a reply to a message that is not received
endpoint("/a", { receives: { say }, replies: { sya: count }, on: { say() {} } });
// @ts-expect-error a function is no reply's schema
endpoint("/a", { receives: { say }, replies: { say: () => 1 }, on: { say: () => 1 } });

// @ts-expect-error nothing is declared to be sent
endpoint("/a", { open: ({ connection }) => connection.send("notice", { text: "hi" }) });
// @ts-expect-error another name than declared
endpoint("/a", { sends: { notice: say }, open: ({ connection }) => connection.send("notce", { text: "hi" }) });
// @ts-expect-error another key than declared
endpoint("/a", { sends: { notice: say }, open: ({ connection }) => connection.send("notice", { txt: "hi" }) });
// @ts-expect-error a value of another type
endpoint("/a", { sends: { notice: say }, open: ({ connection }) => connection.send("notice", { text: 1 }) });
// @ts-expect-error no payload where one is needed
endpoint("/a", { sends: { notice: say }, open: ({ connection }) => connection.send("notice") });
// @ts-expect-error a message that is received is not one to send
endpoint("/a", { receives: { say }, on: { say: ({ connection }) => connection.send("say", { text: "hi" }) } });
// @ts-expect-error the name comes first, not in a message put together by hand
endpoint("/a", { sends: { notice: say }, open: ({ connection }) => connection.send({ type: "notice", text: "hi" }) });

// @ts-expect-error what clients of the protocol say cannot be received
endpoint("/a", { receives: { ping: say }, on: { ping() {} } });
// @ts-expect-error beside messages of one's own as well
endpoint("/a", { receives: { subscribe: say, say }, on: { subscribe() {}, say() {} } });
// @ts-expect-error what servers of the protocol say cannot be sent
endpoint("/a", { sends: { error: say } });
