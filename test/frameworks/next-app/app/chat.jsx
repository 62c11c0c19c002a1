"use client";

import { useEffect, useState } from "react";
import { connect } from "tidings/client";

export function Chat() {
  const [heard, setHeard] = useState("theirs");
  useEffect(() => {
    const client = connect("/ws/chat");
    client.request("say", { text: "hello" }).then(
      (reply) => setHeard(reply.heard),
      () => {},
    );
    return () => client.close();
  }, []);
  return <p>{heard}</p>;
}
