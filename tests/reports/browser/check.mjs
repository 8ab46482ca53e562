// Opens each report in headless Chromium, uses it as a person would, and prints what it saw as JSON.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(process.env.BROWSER_MODULES + "/");
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const [executablePath, ...files] = process.argv.slice(2);

const flags = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];
const PATIENCE = 240_000; // milliseconds for a click: a busy machine draws no two frames within half a minute
const browser = await chromium.launch({ executablePath, args: flags, timeout: PATIENCE });

async function open(file, options) {
  const context = await browser.newContext({ reducedMotion: "reduce", ...options });
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  const seen = { console: [], requests: [], dialogs: 0 };
  page.on("console", (message) => seen.console.push(message.text()));
  page.on("pageerror", (error) => seen.console.push(error.message));
  page.on("request", (request) => seen.requests.push(request.url()));
  page.on("dialog", (dialog) => { seen.dialogs += 1; dialog.dismiss(); });
  await page.goto(pathToFileURL(file).href);
  return { context, page, seen };
}

const audited = (process.env.AUDITED || "").split(",");
const faults = async (file, page) => {
  if (!audited.some((name) => file.endsWith("/" + name))) return null;
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run());
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => id + ": " + nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | "));
};

const column = (page, number) =>
  page.$$eval("#table tbody:not([hidden])", (rows, at) => rows.map((row) => row.rows[0].cells[at].dataset.v), number);

async function use(page) {
  const out = { sorted: {} };
  const heads = await page.$$("#table th button");
  for (let at = 0; at < heads.length; at += 1) {
    await heads[at].evaluate((button) => button.click());
    const up = await column(page, at);
    await heads[at].evaluate((button) => button.click());
    out.sorted[at] = { up, down: await column(page, at), aria: await heads[at].evaluate((b) => b.parentNode.ariaSort) };
  }
  if (heads.length) {
    await page.fill("#find", "169.254");
    out.found = await column(page, 4);
    out.status = await page.textContent("#shown");
    await page.fill("#find", "");
    const severity = await page.$eval("#by-severity option:last-child", (option) => option.value);
    await page.selectOption("#by-severity", severity);
    out.last = [severity, (await column(page, 1)).length];
    await page.selectOption("#by-severity", "");
  }
  if (await page.$("#picture")) {
    const marks = () => page.$$eval(".mark", (nodes) => nodes.length);
    out.marks = await marks();
    await page.click("[data-zoom=in]");
    await page.click("[data-zoom=right]");
    out.zoomed = await page.textContent(".zoom [role=status]");
    await page.click("[data-zoom=all]");
    out.marksAgain = await marks();
  }
  return out;
}

const wide = (page) => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);

const results = {};
for (const file of files) {
  const result = {};
  const { context, page, seen } = await open(file, { viewport: { width: 1200, height: 900 }, colorScheme: "light" });
  result.used = await use(page);
  result.active = await page.$$eval("script, img, iframe, object, embed, form, link", (nodes) => nodes.length);
  result.overflow = await wide(page);
  result.light = await faults(file, page);
  await context.close();
  const dark = await open(file, { viewport: { width: 390, height: 844 }, colorScheme: "dark" });
  result.dark = await faults(file, dark.page);
  result.phoneOverflow = await wide(dark.page);
  await dark.context.close();
  const quiet = await open(file, { javaScriptEnabled: false });
  result.textWithoutScripts = await quiet.page.innerText("body");
  await quiet.context.close();
  result.console = [...seen.console, ...dark.seen.console, ...quiet.seen.console];
  result.dialogs = seen.dialogs + dark.seen.dialogs + quiet.seen.dialogs;
  const own = pathToFileURL(file).href;
  result.requests = [seen, dark.seen, quiet.seen].flatMap(({ requests }) => requests).filter((url) => url !== own);
  results[file.split("/").pop()] = result;
}
await browser.close();
console.log(JSON.stringify(results));
