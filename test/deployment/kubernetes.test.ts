import { readdirSync } from "node:fs";
import { endpoint } from "tidings";
import { expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { readRepositoryFile } from "../support/repository.js";
import { serve } from "../support/served-app.js";
import { dial } from "../support/ws-client.js";
import { readImage } from "./dockerfile.js";
import { defaultMsOf, defaultOf, neededToEndMs, unreadVariables, variablesIn } from "./settings.js";

const folder = "deploy/kubernetes";
const files = readdirSync(new URL(`../../${folder}/`, import.meta.url)).sort();
const manifests = files.filter((file) => file.endsWith(".yaml") && file !== "kustomization.yaml");

/** All objects, by kind and name. What a manifest holds is looked at field by field. */
const objects = new Map(
  manifests.flatMap((file) => read(file)).map((object) => [`${object.kind}/${object.metadata.name}`, object] as const),
);
const { spec } = objects.get("Deployment/tidings") ?? {};
const pod = spec.template;
const [container] = pod.spec.containers;

test("kustomization.yaml names all manifests, and the configuration that the pods mount", () => {
  const [{ resources, configMapGenerator }] = read("kustomization.yaml");
  expect([...resources].sort()).toEqual(manifests);
  const [{ name, files: kept }] = configMapGenerator;
  expect(pod.spec.volumes).toEqual([{ name: "config", configMap: { name } }]);
  const [{ mountPath }] = container.volumeMounts;
  expect(envOf("TIDINGS_CONFIG")).toBe(`${mountPath}/${kept[0]}`);
  expect(files).toContain(kept[0]);
});

test("Tidings reads all that the pods are told, and listens where they say", () => {
  const all = manifests.map((file) => readRepositoryFile(`${folder}/${file}`)).join("\n");
  expect(unreadVariables(variablesIn(all + readRepositoryFile(`${folder}/kustomization.yaml`)))).toEqual([]);
  expect(portOf("sockets")).toBe(Number(envOf("TIDINGS_PORT")));
  expect(portOf("sockets")).toBe(Number(defaultOf("TIDINGS_PORT")));
  expect(portOf("sockets")).toBe(Number(readImage().port));
  expect(portOf("inner")).toBe(Number(envOf("TIDINGS_HTTP_PORT")));
  expect(pod.metadata.annotations["prometheus.io/port"]).toBe(envOf("TIDINGS_HTTP_PORT"));
});

test("an app answers the probes, and the one for being ready says 503 while it drains", async () => {
  let answers: Record<string, number> = {};
  const ask = async (url: string) => {
    const probes = ["startupProbe", "readinessProbe", "livenessProbe"];
    const asked = probes.map(async (name) => [name, (await fetch(url + container[name].httpGet.path)).status] as const);
    return Object.fromEntries(await Promise.all(asked));
  };
  const lasting = endpoint("/ws", { close: async () => void (answers = await ask(url)) });
  await using server = await serve({ endpoints: [lasting] });
  const { url } = server;
  expect(await ask(url)).toEqual({ startupProbe: 200, readinessProbe: 200, livenessProbe: 200 });
  await dial(`${url}/ws`);
  await server.app.close();
  expect(answers).toEqual({ startupProbe: 200, readinessProbe: 503, livenessProbe: 200 });
  for (const name of ["startupProbe", "readinessProbe", "livenessProbe"]) {
    expect(container[name].httpGet.port).toBe("sockets");
  }
});

test("a pod has the time to drain, after the time in which it is still sent people", () => {
  const [program, seconds] = container.lifecycle.preStop.exec.command;
  expect(program).toBe("sleep");
  const needed = Number(seconds) * 1_000 + neededToEndMs();
  expect(pod.spec.terminationGracePeriodSeconds * 1_000).toBeGreaterThanOrEqual(needed);
});

test("a pod may do nothing that it does not need", () => {
  expect(pod.spec).toMatchObject({
    automountServiceAccountToken: false,
    securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
  });
  expect(container.securityContext).toEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  });
});

test("what leads to the pods leads to them", () => {
  const { labels } = pod.metadata;
  expect(spec.selector.matchLabels).toEqual(labels);
  for (const name of ["tidings", "tidings-inner"]) {
    const service = objects.get(`Service/${name}`).spec;
    expect(service.selector).toEqual(labels);
    for (const { targetPort } of service.ports) expect(portOf(targetPort)).toBeGreaterThan(0);
  }
  for (const kind of ["PodDisruptionBudget", "NetworkPolicy"]) {
    const { selector, podSelector } = objects.get(`${kind}/tidings`).spec;
    expect((selector ?? podSelector).matchLabels).toEqual(labels);
  }
  expect(objects.get("HorizontalPodAutoscaler/tidings").spec.scaleTargetRef).toMatchObject({
    kind: "Deployment",
    name: "tidings",
  });
});

test("the Ingress lets quiet connections live, and leads to sockets alone", () => {
  const { metadata, spec: rules } = objects.get("Ingress/tidings");
  for (const name of ["proxy-read-timeout", "proxy-send-timeout"]) {
    const seconds = Number(metadata.annotations[`nginx.ingress.kubernetes.io/${name}`]);
    expect(seconds * 1_000).toBeGreaterThan(2 * defaultMsOf("TIDINGS_HEARTBEAT_EVERY"));
  }
  const [{ backend }] = rules.rules[0].http.paths;
  const service = objects.get(`Service/${backend.service.name}`).spec;
  const ports = service.ports.filter(({ name }: { name: string }) => name === backend.service.port.name);
  expect(ports).toMatchObject([{ targetPort: "sockets" }]);
});

test("the port of the HTTP API and the pages is not everybody's", () => {
  const { ingress } = objects.get("NetworkPolicy/tidings").spec;
  const forAll = ingress.filter(({ from }: { from?: unknown }) => from === undefined);
  expect(forAll).toEqual([{ ports: [{ port: "sockets" }] }]);
});

function read(file: string): ReturnType<typeof JSON.parse>[] {
  return parseAllDocuments(readRepositoryFile(`${folder}/${file}`)).map((document) => {
    expect(document.errors, file).toEqual([]);
    return document.toJS();
  });
}

function envOf(name: string): string | undefined {
  return container.env.find((each: { name: string }) => each.name === name)?.value;
}

function portOf(name: string): number | undefined {
  return container.ports.find((each: { name: string }) => each.name === name)?.containerPort;
}
