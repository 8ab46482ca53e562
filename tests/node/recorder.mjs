// Sends raw request targets to one vulnerable framework and prints what its proxy did with each.
//   node recorder.mjs express|fastify|hono < cases.jsonl > results.jsonl
// A case: {method, target, host, proxy_path}; `target` and `host` are latin-1, sent byte for byte.
// A result: {key_sent_to, url, status, process_crashed}, one for each case, as soon as it is there.
import { createRequire } from "node:module";
import net from "node:net";
import path from "node:path";
import { pathToFileURL } from "node:url";
import readline from "node:readline";

const framework = process.argv[2];
// The packages may lie outside the checkout: CLERK_LOGSCAN_NODE names the folder of their package.json.
const home = process.env.CLERK_LOGSCAN_NODE ?? import.meta.dirname;
const require = createRequire(path.join(home, "package.json"));
const load = (name) => import(pathToFileURL(require.resolve(name)));
const publishableKey = "pk_live_" + Buffer.from("clerk.example.com$").toString("base64");
const secretKey = "sk_live_" + "x".repeat(42);

let current; // the one request that is under way, or the last one

globalThis.fetch = async (url, init) => {
  if (current && new Headers(init?.headers).get("clerk-secret-key") === secretKey) {
    current.url = String(url);
    current.key_sent_to = new URL(url).host;
  }
  return new Response("{}", { status: 200, headers: { "content-type": "application/json" } });
};
const died = (error) => {
  if (!current) { // not a request's doing: no answer would ever come
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
  }
  current.process_crashed = true;
  current.done();
};
process.on("unhandledRejection", died);
process.on("uncaughtException", died);
console.error = console.info = () => {};

const start = {
  async express(options) {
    const { default: express } = await load("express");
    const { clerkMiddleware } = await load("@clerk/express");
    const app = express();
    app.set("env", "test"); // as in production, but no stack traces on standard error
    app.use(clerkMiddleware(options));
    return app.listen(0, "127.0.0.1");
  },
  async fastify(options) {
    const { default: fastify } = await load("fastify");
    const { clerkPlugin } = await load("@clerk/fastify");
    const app = fastify();
    await app.register(clerkPlugin, options);
    await app.listen({ port: 0, host: "127.0.0.1" });
    return app.server;
  },
  async hono(options) {
    const { Hono } = await load("hono");
    const { serve } = await load("@hono/node-server");
    const { clerkMiddleware } = await load("@clerk/hono");
    const app = new Hono();
    app.use("*", clerkMiddleware(options));
    return serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" });
  },
}[framework];

const ports = new Map();
async function port(proxyPath) {
  if (!ports.has(proxyPath)) {
    const server = await start({ publishableKey, secretKey, frontendApiProxy: { enabled: true, path: proxyPath } });
    if (!server.listening) await new Promise((resolve) => server.once("listening", resolve));
    server.keepAliveTimeout = 1;
    ports.set(proxyPath, server.address().port);
  }
  return ports.get(proxyPath);
}

function send(to, { method, target, host }) {
  return new Promise((resolve) => {
    const result = { key_sent_to: null, url: null, status: null, process_crashed: false };
    const socket = net.connect(to, "127.0.0.1");
    let answer = "";
    let finished = false;
    result.done = () => {
      if (finished) return;
      finished = true;
      socket.destroy();
      const { done, ...row } = result;
      // a later exception must not be charged to the next request
      setImmediate(() => setImmediate(() => resolve(row)));
    };
    current = result;
    socket.setNoDelay(true);
    socket.setTimeout(600_000, result.done); // none was seen to hang, and a busy machine answers late
    socket.on("data", (data) => {
      answer += data.toString("latin1");
      const status = /^HTTP\/1\.1 (\d{3})/.exec(answer);
      if (status) {
        result.status = Number(status[1]);
        result.done();
      }
    });
    socket.on("close", result.done);
    socket.on("error", result.done);
    const length = ["POST", "PUT", "PATCH", "QUERY"].includes(method) ? "Content-Length: 0\r\n" : "";
    const type = method === "QUERY" ? "Content-Type: text/plain\r\n" : ""; // Fastify wants one
    const hosts = host === null ? "" : `Host: ${host}\r\n`;
    socket.write(Buffer.from(`${method} ${target} HTTP/1.1\r\n${hosts}${length}${type}Connection: close\r\n\r\n`, "latin1"));
  });
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const one = JSON.parse(line);
  process.stdout.write(JSON.stringify(await send(await port(one.proxy_path), one)) + "\n");
}
process.stdout.write("", () => process.exit(0));
