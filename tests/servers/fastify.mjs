// A Fastify application with its own default logger, as its users run it: `node fastify.mjs PORT PACKAGES`.
import { createRequire } from 'node:module';

const [port, packages] = process.argv.slice(2);
const Fastify = createRequire(packages + '/')('fastify');
const app = Fastify({ logger: true });
app.all('/*', async () => 'ok');
await app.listen({ port: Number(port), host: '127.0.0.1' });
