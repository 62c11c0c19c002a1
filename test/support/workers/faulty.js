class TidingsError extends Error {
  name = "TidingsError";
  code = "sold_out";
}

/** Fails in the way it is told to. */
export default async function faulty({ how }, task) {
  switch (how) {
    case "throws":
      throw new Error("a secret of the server");
    case "refuses":
      throw new TidingsError("There is none left.");
    case "refuses with issues":
      throw Object.assign(new TidingsError("It does not fit."), {
        issues: [{ message: "none" }, { path: ["a", 1, { key: "b" }], message: "objects" }],
      });
    case "exits":
      return process.exit(3);
    case "throws no error":
      throw ["a text", () => {}];
    case "gives a bigint":
      return 1n;
    case "throws later":
      setImmediate(() => {
        throw new Error("nobody awaits this");
      });
      return new Promise(() => {});
    case "runs out of memory": {
      const kept = [];
      for (;;) kept.push(new Array(100_000).fill(kept.length));
    }
    case "says no number":
      return task.progress("half");
    default:
      return how;
  }
}
