// An application with the vulnerable proxy, as its users run it; what its `fetch` would send is recorded, not sent.
//   node app.mjs LOG RECORD   prints its port; Fastify's log goes to LOG, a JSON line for each fetch with the key to RECORD
import { createRequire } from "node:module";
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [log, record] = process.argv.slice(2);
const require = createRequire(path.join(process.env.CLERK_LOGSCAN_NODE, "package.json"));
const load = (name) => import(pathToFileURL(require.resolve(name)));
const secretKey = "sk_live_" + "x".repeat(42);

globalThis.fetch = async (url, init) => {
  if (new Headers(init?.headers).get("clerk-secret-key") === secretKey) {
    fs.appendFileSync(record, JSON.stringify({ host: new URL(url).host, url: String(url) }) + "\n");
  }
  return new Response("{}", { status: 200, headers: { "content-type": "application/json" } });
};

const { default: fastify } = await load("fastify");
const { clerkPlugin } = await load("@clerk/fastify");
const app = fastify({ logger: { file: log }, trustProxy: true });
await app.register(clerkPlugin, {
  publishableKey: "pk_live_" + Buffer.from("clerk.example.com$").toString("base64"),
  secretKey,
  frontendApiProxy: { enabled: true, path: "/__clerk" },
});
await app.listen({ port: 0, host: "127.0.0.1" });
console.log(app.server.address().port);
process.on("SIGTERM", () => app.close().then(() => process.exit(0)));
