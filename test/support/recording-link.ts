import type { Eventually } from "../../src/base/eventually.js";
import type {
  BrokerLink,
  HistoryPage,
  HistoryRange,
  Members,
  Position,
  PresentMember,
  Publication,
  Revocation,
} from "../../src/broker/broker.js";

/**
 * A broker's link that does nothing but keep what it was asked for, such as `subscribe chat/a`.
 *
 * An answer can be held back: what stands in `answers` under the word is returned instead, the oldest first.
 */
export class RecordingLink implements BrokerLink {
  readonly asked: string[] = [];
  readonly published: Publication[] = [];
  readonly answers: Record<string, Promise<never>[]> = {};
  #offset = 0;

  async publish(event: Publication): Promise<Position> {
    this.published.push(event);
    await this.#ask("publish", event.channel);
    this.#offset += 1;
    return { epoch: "e1", offset: this.#offset };
  }

  read(channel: string, _range: HistoryRange): Eventually<HistoryPage> {
    return this.#ask("read", channel).then(() => ({
      epoch: "e1",
      offset: this.#offset,
      events: [],
      isComplete: true,
    }));
  }

  subscribe(channel: string): Eventually<Position> {
    return this.#ask("subscribe", channel).then(() => ({ epoch: "e1", offset: this.#offset }));
  }

  unsubscribe(channel: string): Promise<void> {
    return this.#ask("unsubscribe", channel);
  }

  attend(channel: string, { id, faceJson }: PresentMember): Promise<void> {
    return this.#ask("attend", `${channel} ${id} ${faceJson}`);
  }

  withdraw(channel: string, id: string): Promise<void> {
    return this.#ask("withdraw", `${channel} ${id}`);
  }

  members(channel: string, limit: number): Eventually<Members> {
    return this.#ask("members", `${channel} ${limit}`).then(() => ({ members: [], count: 0 }));
  }

  async reserve(user: string, connection: string, limit: number): Promise<boolean> {
    await this.#ask("reserve", `${user} ${connection} ${limit}`);
    return true;
  }

  revoke(revocation: Revocation): Promise<void> {
    return this.#ask("revoke", JSON.stringify(revocation));
  }

  countInWindow(user: string, scope: string): Eventually<number> {
    return this.#ask("countInWindow", `${user} ${scope}`).then(() => 0);
  }

  arrive(user: string, connection: string): Promise<void> {
    return this.#ask("arrive", `${user} ${connection}`);
  }

  depart(user: string, connection: string): Promise<void> {
    return this.#ask("depart", `${user} ${connection}`);
  }

  async isConnected(user: string): Promise<boolean> {
    await this.#ask("isConnected", user);
    return true;
  }

  disconnectUser(user: string, code: number, reason: string): Promise<void> {
    return this.#ask("disconnectUser", `${user} ${code} ${reason}`);
  }

  async countUsers(): Promise<number> {
    await this.#ask("countUsers", "");
    return 7;
  }

  async countConnections(): Promise<number> {
    await this.#ask("countConnections", "");
    return 9;
  }

  notify(topic: string, json: string): Promise<void> {
    return this.#ask("notify", `${topic} ${json}`);
  }

  close(): Promise<void> {
    return this.#ask("close", "");
  }

  /** The next call of this name rejects when the returned function is called. */
  failLater(name: keyof BrokerLink): (error: Error) => void {
    let fail: (error: Error) => void = () => {};
    const answer = new Promise<never>((_, reject) => {
      fail = reject;
    });
    // It may be asked for only when it has failed.
    answer.catch(() => {});
    this.answers[name] = [...(this.answers[name] ?? []), answer];
    return fail;
  }

  async #ask(name: keyof BrokerLink, about: string): Promise<void> {
    this.asked.push(`${name} ${about}`.trimEnd());
    await this.answers[name]?.shift();
  }
}
