import { createApp } from "tidings";
import { startTestApp } from "tidings/testing";
import { randomId, systemClock } from "../../../src/app/system.js";
import type { AnswerRequest, Broker, BrokerLink, BrokerNode } from "../../../src/broker/broker.js";
import { MemoryBroker } from "../../../src/broker/memory.js";
import { requestIn } from "../../../src/redis/request-reader.js";
import { apiApp } from "../../support/api-app.js";
import { LogRecorder } from "../../support/log-recorder.js";
import { hold, type Opened, type Target } from "../target.js";

export const requests: Target = {
  about: "what a backend asks of the API over Redis: an entry of the stream, its names and values a line each",
  words: [
    ..."request id operation params replyTo publish publish_batch channel type payload key except items".split(" "),
    ..."presence history channels report_task cancel_task tasks connections connected disconnect revoke".split(" "),
    ..."stats user task tokenId issuedBefore code reason progress result error message status name".split(" "),
    ..."chat/a inbox/ana $tasks/ana news said note limit before".split(" "),
  ],
  batch: 64,
  open,
};

async function open(): Promise<Opened> {
  const errors: unknown[] = [];
  const taking = new TakingBroker();
  const app = createApp({
    ...apiApp(),
    broker: taking,
    logger: new LogRecorder(),
    onError: (error) => void errors.push(error),
  });
  const server = await startTestApp(app, { broker: taking });
  return {
    async read(input) {
      const { text = "" } = requestIn("1-0", input.toString().split("\n"));
      const { json, replyTo, problem } = await taking.ask(text);
      hold(replyTo === undefined || /^[\w.:-]{1,128}$/.test(replyTo), "an answer goes where a name can be", replyTo);
      const answer = JSON.parse(json) as { readonly error?: { readonly code: unknown; readonly status: unknown } };
      hold((answer.error !== undefined) === (problem !== undefined), "an answer is a result or a problem", json);
      const [error] = errors.splice(0);
      hold(
        error === undefined && answer.error?.code !== "internal",
        "what is asked is no fault of the app's",
        error ?? json,
      );
    },
    close: async () => server[Symbol.asyncDispose](),
  };
}

/** The one in memory, which hands on what would come over Redis. */
class TakingBroker implements Broker {
  readonly "~is" = "broker";
  readonly #memory = new MemoryBroker({ createId: randomId, clock: systemClock });
  #answer: AnswerRequest | undefined;

  async connect(node: BrokerNode): Promise<BrokerLink> {
    const link = await this.#memory.connect(node);
    const serveRequests = (answer: AnswerRequest) => {
      this.#answer = answer;
    };
    return Object.assign(link, { serveRequests });
  }

  ask(text: string): ReturnType<AnswerRequest> {
    if (this.#answer === undefined) throw new Error("The app takes no requests.");
    return this.#answer(text, 1);
  }
}
