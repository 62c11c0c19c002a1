import { describe, expect, test } from "vitest";
import { deflateFrame } from "../../src/delivery/deflate.js";
import { encodeBinaryFrame, encodePingFrame, encodeTextFrame } from "../../src/delivery/frame.js";
import { RecordingListener } from "../support/recording-listener.js";
import { connect, type OpenDriver, othersTalk, roomy } from "./transport.js";

const answer = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
const withWindow = `${answer}; server_max_window_bits=15`;

/** What is offered, and what it is answered with. */
const offers = [
  ["none", undefined, undefined],
  ["plain", "permessage-deflate", answer],
  ["as browsers make it", "permessage-deflate; client_max_window_bits", answer],
  ["that names the client's window", "permessage-deflate; client_max_window_bits=10", answer],
  ["with what is answered", "permessage-deflate; client_no_context_takeover; server_no_context_takeover", answer],
  ["without a blank", "permessage-deflate;client_no_context_takeover;server_max_window_bits=15", withWindow],
  ["for the largest server's window", "permessage-deflate; server_max_window_bits=15", withWindow],
  ["with its value in quotes", 'permessage-deflate; server_max_window_bits="15"', withWindow],
  ["for a smaller server's window", "permessage-deflate; server_max_window_bits=10", undefined],
  ["for a smaller one in quotes", 'permessage-deflate; server_max_window_bits="10"', undefined],
  ["for a server's window without its size", "permessage-deflate; server_max_window_bits", undefined],
  ["for a server's window that there is not", "permessage-deflate; server_max_window_bits=16", undefined],
  ["that names a client's window that there is not", "permessage-deflate; client_max_window_bits=7", undefined],
  ["with a leading zero", "permessage-deflate; client_max_window_bits=015", undefined],
  ["with a value where none may be", "permessage-deflate; server_no_context_takeover=true", undefined],
  ["with one param twice", "permessage-deflate; client_max_window_bits; client_max_window_bits=10", undefined],
  ["with an unknown param", "permessage-deflate; level=9", undefined],
  ["with a param that every object has", "permessage-deflate; constructor", undefined],
  ["that ends too early", "permessage-deflate;", undefined],
  ["with an empty param", "permessage-deflate; ; client_max_window_bits", undefined],
  ["with an open quote", 'permessage-deflate; server_max_window_bits="15', undefined],
  ["that is no header at all", ", ;= ,", undefined],
  ["of another extension", "x-webkit-deflate-frame", undefined],
  ["within another's quotes", 'foo; bar="a, permessage-deflate, \\", permessage-deflate, b"', undefined],
  ["after another extension", "foo; bar=1, permessage-deflate; client_max_window_bits", answer],
  [
    "that is better the second time",
    "permessage-deflate; server_max_window_bits=10, permessage-deflate; client_max_window_bits",
    answer,
  ],
  ["that is malformed the first time", "permessage-deflate; =, permessage-deflate", answer],
  [
    "of which the first will do",
    "permessage-deflate; server_max_window_bits=15, permessage-deflate; client_max_window_bits",
    withWindow,
  ],
] as const;

const offer = "permessage-deflate; client_max_window_bits";
const long = JSON.stringify({ items: Array.from({ length: 100 }, (_, id) => ({ id, text: `é€🎉 ${id}` })) });

export function describeCompression(open: OpenDriver): void {
  describe("compression", () => {
    test.each(offers)("an offer %s", async (_, offered, answered) => {
      await using driver = await open();
      const { socket, heard, peer } = await connect(driver, { compression: true }, { offer: offered });
      expect(peer.extensions).toBe(answered);
      expect(socket.isCompressing).toBe(answered !== undefined);
      peer.send(long);
      expect(await heard.next()).toEqual(["text", long]);
      socket.write(encodeTextFrame(long));
      if (socket.isCompressing) socket.write(deflateFrame(Buffer.from(long)));
      socket.close(4000, "bye");
      expect(await peer.closed).toEqual({ code: 4000, reason: "bye" });
      expect(peer.unread).toEqual(socket.isCompressing ? [long, long] : [long]);
    });

    test("is not negotiated where it is not allowed, whatever is offered, and nobody is refused for it", async () => {
      await using driver = await open();
      for (const [, offered] of offers) {
        const { socket, heard, peer } = await connect(driver, { compression: false }, { offer: offered });
        expect(peer.extensions).toBeUndefined();
        expect(socket.isCompressing).toBe(false);
        peer.send(long);
        expect(await heard.next()).toEqual(["text", long]);
      }
    });

    test("is each connection's own, among endpoints with the same limits", async () => {
      await using driver = await open();
      for (const [compression, offered, isCompressing] of [
        [true, offer, true],
        [false, offer, false],
        [true, undefined, false],
        [true, offer, true],
      ] as const) {
        const { socket, peer } = await connect(driver, { compression }, { offer: offered });
        expect(socket.isCompressing).toBe(isCompressing);
        expect(peer.extensions).toBe(isCompressing ? answer : undefined);
      }
    });

    test("leaves what the upgrade tells as it was sent", async () => {
      await using driver = await open();
      const { upgrade } = await driver.dial({ offer });
      const { rawHeaders } = upgrade;
      upgrade.accept({ ...roomy, compression: true }, () => new RecordingListener());
      expect(upgrade.header("sec-websocket-extensions")).toBe(offer);
      expect(upgrade.rawHeaders).toEqual(rawHeaders);
    });

    test("compressed frames among others arrive inflated and in order, each on its own", async () => {
      await using driver = await open();
      const { socket, peer } = await connect(driver, { compression: true }, { offer });
      const texts = Array.from({ length: 40 }, (_, number) => `${number} ${long}`);
      const frames = texts.map((text, number) =>
        number % 3 === 0 ? encodeTextFrame(text) : deflateFrame(Buffer.from(text)),
      );
      for (const frame of frames.slice(0, 20)) socket.write(frame);
      socket.write(encodePingFrame());
      socket.write(Buffer.concat(frames.slice(20)));
      socket.write(encodeBinaryFrame(Uint8Array.of(1, 2, 3)));
      for (const text of texts) expect(await peer.next()).toBe(text);
      expect([...Buffer.from(await peer.next())]).toEqual([1, 2, 3]);
    });

    test("one compressed frame may be written to many, also long ones and an empty one", async () => {
      await using driver = await open();
      const dial = () => connect(driver, { compression: true }, { offer });
      const ends = [await dial(), await dial(), await dial()];
      for (const text of ["", long, "x".repeat(300_000)]) {
        const frame = deflateFrame(Buffer.from(text));
        for (const { socket } of ends) socket.write(frame);
        for (const { peer } of ends) expect(await peer.next()).toBe(text);
      }
    });

    test("a compressed frame to a peer that did not agree to any breaks the protocol", async () => {
      await using driver = await open();
      const { socket, heard, peer } = await connect(driver);
      socket.write(deflateFrame(Buffer.from(long)));
      expect(await heard.next()).toMatchObject(["closing", 1002, expect.any(String)]);
      await heard.whenClosed();
      expect(peer.unread).toEqual([]);
    });

    test("what the peer sends arrives inflated and in order, long and short, text and binary", async () => {
      await using driver = await open();
      const { heard, peer } = await connect(driver, { compression: true }, { offer });
      const sent = Array.from({ length: 30 }, (_, number) => `${number} ${number % 2 === 0 ? long : "short"}`);
      for (const [number, text] of sent.entries()) peer.send(number % 3 === 0 ? Buffer.from(text) : text);
      for (const [number, text] of sent.entries()) {
        const [name, message = ""] = await heard.next();
        expect(name).toBe(number % 3 === 0 ? "binary" : "text");
        expect(Buffer.from(message as string).toString()).toBe(text);
      }
    });

    test("a message's size is its inflated bytes: past it it closes with 1009", async () => {
      await using driver = await open();
      const { heard, peer } = await connect(driver, { compression: true, messageSize: 20_000 }, { offer });
      peer.send("x".repeat(20_000));
      expect(await heard.next()).toEqual(["text", "x".repeat(20_000)]);
      peer.send("x".repeat(20_001));
      expect(await heard.next()).toEqual(["closing", 1009, "message_too_big"]);
      await heard.whenClosed();
    });

    test("what the peer sent is not heard while the socket is paused, and in order when it resumes", async () => {
      await using driver = await open();
      const { socket, heard, peer } = await connect(driver, { compression: true }, { offer });
      socket.pause();
      const sent = Array.from({ length: 10 }, (_, number) => `${number} ${long}`);
      for (const text of sent) peer.send(text);
      await othersTalk(driver);
      expect(heard.calls).toEqual([]);
      socket.resume();
      for (const text of sent) expect(await heard.next()).toEqual(["text", text]);
    });

    test("what the peer sent before its close is heard before it", async () => {
      await using driver = await open();
      const { heard, peer } = await connect(driver, { compression: true }, { offer });
      peer.send(long);
      peer.close(4000, "bye");
      expect(await heard.whenClosed()).toEqual([
        ["text", long],
        ["closing", 4000, "bye"],
        ["closed", 4000, "bye"],
      ]);
    });
  });
}
