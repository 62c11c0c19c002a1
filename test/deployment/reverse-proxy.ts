import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { otherTlsCertificate } from "../conformance/tls-certificate.js";
import { findDebianProgram } from "../support/debian-package.js";
import { freePort } from "../support/redis/free-port.js";
import { readRepositoryFile } from "../support/repository.js";
import { ForeignProgram } from "./foreign-program.js";

/** A proxy with our configuration of it, on ports of the loopback. Disposing of it stops it. */
export interface ReverseProxy extends AsyncDisposable {
  /** Such as `https://localhost:20001`. */
  readonly url: string;
  /** The same without TLS: it leads there. */
  readonly plainUrl: string;
  /** All that it has written so far, to its outputs and its logs. */
  written(): string;
  /** Resolves with its exit code. From then on `written` has all of it. */
  stop(): Promise<number | string>;
}

export const proxies: Readonly<Record<"nginx" | "Caddy", (upstreamPort: number) => Promise<ReverseProxy>>> = {
  nginx: startNginx,
  Caddy: startCaddy,
};

/** With `proxy_read_timeout 5s` in the place of ours. */
async function startNginx(upstreamPort: number): Promise<ReverseProxy> {
  const place = await Place.make();
  const site = replaceEach(readRepositoryFile("deploy/nginx.conf"), [
    ["listen 80;", `listen 127.0.0.1:${place.plainPort};`],
    ["    listen [::]:80;\n", ""],
    ["listen 443 ssl;", `listen 127.0.0.1:${place.port} ssl;`],
    ["    listen [::]:443 ssl;\n", ""],
    ["server 127.0.0.1:8000;", `server 127.0.0.1:${upstreamPort};`],
    ["/etc/letsencrypt/live/app.example/fullchain.pem", place.certificate],
    ["/etc/letsencrypt/live/app.example/privkey.pem", place.key],
    ["error_log /var/log/nginx/error.log", `error_log ${place.folder}/error.log`],
    ["access_log /var/log/nginx/tidings.log", `access_log ${place.folder}/access.log`],
    ["server_name app.example;", "server_name localhost;"],
    ["proxy_read_timeout 75s;", "proxy_read_timeout 5s;"],
  ]);
  return runNginx(place, site);
}

/** The one of deploy/three, before processes at these ports in the place of Docker's. */
export async function startNginxBefore(upstreamPorts: readonly number[]): Promise<ReverseProxy> {
  const place = await Place.make();
  const servers = upstreamPorts.map((port) => `server 127.0.0.1:${port} fail_timeout=5s;`);
  const site = replaceEach(readRepositoryFile("deploy/three/nginx.conf"), [
    ["listen 443 ssl;", `listen 127.0.0.1:${place.port} ssl;`],
    // Of Debian's nginx, which may be older.
    ["server app:8000 resolve fail_timeout=5s;", servers.join(" ")],
    ["/etc/nginx/certs/fullchain.pem", place.certificate],
    ["/etc/nginx/certs/privkey.pem", place.key],
    ["error_log /var/log/nginx/error.log", `error_log ${place.folder}/error.log`],
    ["access_log /var/log/nginx/access.log", `access_log ${place.folder}/access.log`],
    ["server_name app.example;", "server_name localhost;"],
  ]);
  return runNginx(place, site);
}

/** With what Debian's own nginx.conf does around a site, in a folder of ours. */
async function runNginx(place: Place, site: string): Promise<ReverseProxy> {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${place.folder}/${name};`,
  );
  const around = `daemon off; pid ${place.folder}/pid; error_log stderr notice; events {} http { ${temporary.join(" ")}\n${site}\n}`;
  const nginx = findDebianProgram({ name: "nginx", debianPackage: "nginx", path: "usr/sbin/nginx" });
  const program = new ForeignProgram(nginx, ["-e", "stderr", "-c", place.write("nginx.conf", around)]);
  await program.line(/start worker process /);
  return place.withProxy(program);
}

async function startCaddy(upstreamPort: number): Promise<ReverseProxy> {
  const place = await Place.make();
  const { port, plainPort, certificate, key } = place;
  const alone = `admin off\n\tskip_install_trust\n\tdefault_bind 127.0.0.1\n\thttp_port ${plainPort}\n\thttps_port ${port}`;
  const site = replaceEach(readRepositoryFile("deploy/Caddyfile"), [
    ["\n{\n", `\n{\n\t${alone}\n`],
    ["\napp.example {\n", `\nlocalhost {\n\ttls ${certificate} ${key}\n`],
    ["reverse_proxy 127.0.0.1:8000", `reverse_proxy 127.0.0.1:${upstreamPort}`],
  ]);
  const program = new ForeignProgram(
    findCaddy(),
    ["run", "--adapter", "caddyfile", "--config", place.write("Caddyfile", site)],
    { env: place.home },
  );
  await program.line(/serving initial configuration/);
  return place.withProxy(program);
}

export function findCaddy(): string {
  return findDebianProgram({ name: "caddy", debianPackage: "caddy", path: "usr/bin/caddy" });
}

/** Folder and ports of one proxy. */
class Place {
  readonly folder: string = mkdtempSync(join(tmpdir(), "proxy-"));
  readonly certificate: string = this.write("cert.pem", otherTlsCertificate.cert);
  readonly key: string = this.write("key.pem", otherTlsCertificate.key);
  readonly port: number;
  readonly plainPort: number;

  static async make(): Promise<Place> {
    return new Place(await freePort(), await freePort());
  }

  private constructor(port: number, plainPort: number) {
    this.port = port;
    this.plainPort = plainPort;
    // nginx that is started by root works as nobody, in folders of this one.
    chmodSync(this.folder, 0o755);
  }

  /** Where Caddy keeps what it remembers. */
  get home(): Readonly<Record<string, string>> {
    return { HOME: this.folder, XDG_DATA_HOME: this.folder, XDG_CONFIG_HOME: this.folder };
  }

  write(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, text);
    return path;
  }

  withProxy(program: ForeignProgram): ReverseProxy {
    const stop = () => program.stop();
    return {
      url: `https://localhost:${this.port}`,
      plainUrl: `http://localhost:${this.plainPort}`,
      written: () => [...program.said, ...this.#logs()].join("\n"),
      stop,
      [Symbol.asyncDispose]: async () => {
        await program[Symbol.asyncDispose]();
        rmSync(this.folder, { recursive: true, force: true });
      },
    };
  }

  #logs(): string[] {
    if (!existsSync(this.folder)) return [];
    const files = readdirSync(this.folder).filter((name) => name.endsWith(".log"));
    return files.map((name) => readFileSync(join(this.folder, name), "utf8"));
  }
}

/** Throws where something is not there: then the test would look at another configuration than ours. */
function replaceEach(text: string, replacements: readonly (readonly [from: string, to: string])[]): string {
  return replacements.reduce((before, [from, to]) => {
    if (!before.includes(from)) throw new Error(`There is no ${JSON.stringify(from)} in the configuration.`);
    return before.replaceAll(from, to);
  }, text);
}
