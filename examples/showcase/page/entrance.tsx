import { type FormEvent, useState } from "react";
import { type Ended, inWords } from "./connection.js";
import { post } from "./post.js";
import { forgetToken, tokenOfLink } from "./visit.js";

interface EntranceProps {
  readonly refused: Ended;
  /** Was it let in before? */
  readonly wasIn: boolean;
  readonly onSignedIn: () => void;
}

/** Asks who it is: a name, for which the server sets a cookie that no script can read. */
export function Entrance({ refused, wasIn, onSignedIn }: EntranceProps) {
  const [problem, setProblem] = useState<string>();
  const isBadLink = tokenOfLink() !== undefined;

  async function signIn(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const refusal = await post("/login", { name: new FormData(event.currentTarget).get("name") });
    setProblem(refusal);
    if (refusal !== undefined) return;
    forgetToken();
    onSignedIn();
  }

  return (
    <main className="alone">
      <section className="entrance card" aria-labelledby="entrance-title">
        <h1 id="entrance-title">{isBadLink ? "This link's token is missing or no longer valid" : titleOf(wasIn)}</h1>
        {(isBadLink || wasIn) && <p role="alert">{inWords(refused)}</p>}
        <p>
          Rooms, prices, tasks and news over one WebSocket. Open it in two windows, under two names, and cut the line of
          one.
        </p>
        <form onSubmit={(event) => void signIn(event)}>
          <label htmlFor="name">Name</label>
          <div className="field">
            {/* biome-ignore lint/a11y/noAutofocus: it is all that there is to do here */}
            <input id="name" name="name" required maxLength={32} autoComplete="username" spellCheck={false} autoFocus />
            <button type="submit">Sign in</button>
          </div>
        </form>
        {problem !== undefined && <p role="alert">{problem}</p>}
        <p className="quiet">
          Or open one of the links that <code>npm start</code> prints: for Alice, for Bob, and for an admin. With a{" "}
          <code>TIDINGS_JWT_SECRET</code> of your own it prints none: sign a token with it (HS256, with a{" "}
          <code>sub</code> and a <code>name</code>) and open <code>/#token=</code> and the token.
        </p>
      </section>
    </main>
  );
}

function titleOf(wasIn: boolean): string {
  return wasIn ? "Signed out" : "Who are you?";
}
