// Signing in with a cookie: no script can read it, and the browser sends it with the handshake of /ws/me by itself.
import { Connection, inWords } from "./connection.js";

const part = (id) => document.getElementById(id);
const [signIn, signOut, nameInput] = ["sign-in", "sign-out", "name"].map(part);

let connection;

signIn.addEventListener("submit", async (event) => {
  event.preventDefault();
  const refusal = await post("/login", { name: nameInput.value });
  if (refusal === undefined) connect();
  else tell(refusal);
});

signOut.addEventListener("click", async () => {
  // The server closes what was opened with the cookie: `closed` tells so.
  const refusal = await post("/logout");
  if (refusal !== undefined) tell(refusal);
});

function connect() {
  connection?.leave();
  connection = new Connection("/ws/me", {
    async opened() {
      try {
        const { name } = await connection.request("whoami");
        tell(`Signed in as ${name}`);
      } catch {
        return; // `closed` tells why
      }
      showSignedIn(true);
      signOut.focus();
    },
    closed(code, reason) {
      tell(`${code === 1008 ? "Signed out" : "Not connected"}: ${inWords(code, reason)}`);
      showSignedIn(false);
    },
  });
}

/** Resolves with why it was refused, or with nothing. */
async function post(path, body = {}) {
  try {
    const response = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return response.ok ? undefined : (await response.json()).message;
  } catch {
    return "The server can't be reached.";
  }
}

function tell(text) {
  part("account-status").textContent = text;
}

/** What is hidden loses the focus; without one the keyboard would be back at the top of the page. */
function showSignedIn(isSignedIn) {
  const hadFocus = document.activeElement === signOut;
  signIn.hidden = isSignedIn;
  signOut.hidden = !isSignedIn;
  if (hadFocus && !isSignedIn) nameInput.focus();
}
