/** Posts to the page's own server. Resolves with why it was refused, or with nothing. */
export async function post(path: string, body: object = {}): Promise<string | undefined> {
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
