import { type FormEvent, useState } from "react";
import { useChannel, useEvent, usePresence } from "tidings/react";
import { useResume } from "./resume.js";
import type { LiveClient } from "./showcase.js";
import { whyOf } from "./why.js";

/** What admins publish, newest first, and who reads it. */
export function News({ client }: { readonly client: LiveClient }) {
  const [items, setItems] = useState<readonly Item[]>([]);
  const [problem, setProblem] = useState<string>();
  const show = (text: string) => setItems((before) => add(before, text));
  const { subscription } = useChannel(client, "news", {
    rewind: 20,
    presence: true,
    onGap() {
      resume.lost("news");
      show("Some news may be missing here.");
    },
  });
  const resume = useResume(subscription);
  const { members } = usePresence(client, "news");
  useEvent(subscription, "item", ({ text }, { offset }) => {
    resume.heard(offset);
    show(text);
  });

  async function publish(form: HTMLFormElement): Promise<void> {
    setProblem(undefined);
    try {
      await subscription?.publish("item", { text: String(new FormData(form).get("item")).trim() });
      form.reset();
    } catch (error) {
      setProblem(`Not published: ${whyOf(error)}`);
    }
  }

  return (
    <section className="news card" aria-labelledby="news-title">
      <div className="head">
        <h2 id="news-title">News</h2>
        <p className="quiet">Reading the news: {members.map(({ name }) => name).join(", ")}</p>
      </div>
      <form
        className="field"
        onSubmit={(event: FormEvent<HTMLFormElement>) => {
          event.preventDefault();
          void publish(event.currentTarget);
        }}
      >
        <label htmlFor="item" className="unseen">
          News
        </label>
        <input
          id="item"
          name="item"
          required
          maxLength={500}
          autoComplete="off"
          placeholder="Publish news, as an admin"
        />
        <button type="submit" className="quiet">
          Publish
        </button>
      </form>
      <p role="alert" className="problem">
        {problem}
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard, in every browser */}
      <div className="items" role="log" aria-label="Published" tabIndex={0}>
        <ol>
          {items.map(({ key, text }) => (
            <li key={key}>{text}</li>
          ))}
        </ol>
      </div>
    </section>
  );
}

interface Item {
  readonly key: number;
  readonly text: string;
}

function add(items: readonly Item[], text: string): readonly Item[] {
  return [{ key: (items[0]?.key ?? 0) + 1, text }, ...items].slice(0, LONGEST);
}

const LONGEST = 100;
