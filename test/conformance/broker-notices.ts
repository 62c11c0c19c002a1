import { describe, expect, test } from "vitest";
import { type CreateBroker, connectProcess, connectProcesses, type Process } from "./broker.js";

export function describeNotices(create: CreateBroker): void {
  describe("a notice", () => {
    test("reaches every process once, the one that gives it included, in the order they were given", async () => {
      await using processes = await connectProcesses(create, 3);
      const [a] = processes.all as [Process];
      for (const n of [1, 2, 3]) await a.link.notify("counted", JSON.stringify({ n }));
      const all = [1, 2, 3].map((n) => ["counted", { n }]);
      for (const { node } of processes.all) await node.until(() => node.notices.length === 3);
      await processes.settle();
      for (const { node } of processes.all) expect(node.notices).toEqual(all);
    });

    test("is not kept for a process that connects later, nor told to one that has closed", async () => {
      const broker = await create();
      const [a, gone] = [await connectProcess(broker), await connectProcess(broker)];
      await gone.link.close();
      await a.link.notify("said", '"before"');
      const late = await connectProcess(broker);
      await a.link.notify("said", '"after"');
      await late.node.until(() => late.node.notices.length > 0);
      expect(late.node.notices).toEqual([["said", "after"]]);
      expect(gone.node.notices).toEqual([]);
      await Promise.all([a, late].map(({ link }) => link.close()));
    });
  });
}
