import { execFileSync } from "node:child_process";
import type { TlsFiles } from "tidings";

/** A certificate for `localhost` that nobody has signed, good for a day. A real one comes from your certificate authority. */
export function makeCertificate(): TlsFiles {
  const words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost";
  const more = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", "-", "-out", "-"];
  const pem = execFileSync("openssl", [...words.split(" "), ...more], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const begins = pem.indexOf("-----BEGIN CERTIFICATE-----");
  return { key: pem.slice(0, begins), cert: pem.slice(begins) };
}
