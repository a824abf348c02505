import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderHtml, type ScanReport, writeReport } from "../../lib/report/index.ts";
import { makePaperEvidence } from "../fixtures/evidence/make-evidence.ts";
import {
  BACKDOORED,
  CLEAN,
  FAILED,
  INCONCLUSIVE,
  reportOf,
  SKIPPED,
  scanned,
} from "../fixtures/evidence/make-report.ts";
import { CHROMIUM, withChromium } from "./chromium.ts";

const HOSTILE = `<script>document.title="owned"</script><img src="http://127.0.0.1:9/x">${"long".repeat(60)}`;

interface Visit {
  page: Page;
  /** Everything that the page asked for, the file itself included. */
  requests: string[];
  /** Console messages and page errors, such as violations of the content policy. */
  complaints: string[];
}

const title =
  CHROMIUM === undefined
    ? "the HTML report in Chromium (skipped: no Chromium; set CHROMIUM)"
    : "the HTML report in Chromium";

describe.skipIf(CHROMIUM === undefined)(title, () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "drmguard-html-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function open(browser: BrowserContext, name: string, report: ScanReport): Promise<Visit> {
    const path = join(folder, `${name}.html`);
    await writeReport(path, renderHtml(report));
    return visit(browser, path);
  }

  const mixed = () =>
    reportOf(BACKDOORED, CLEAN, INCONCLUSIVE, scanned(HOSTILE, makePaperEvidence(0.04)), FAILED, SKIPPED);

  it.each([
    [1280, "light"],
    [400, "light"],
    [1280, "dark"],
  ] as const)(
    "at %i px, %s: complete, quiet, nothing fetched, nothing overflows",
    async (width, colorScheme) => {
      const options = {
        javaScriptEnabled: false,
        offline: true,
        viewport: { width, height: 900 },
        colorScheme,
      };
      await withChromium(options, async (browser) => {
        const { page, requests, complaints } = await open(browser, `mixed-${width}-${colorScheme}`, mixed());
        expect(requests.filter((url) => !url.startsWith("data:image/png"))).toEqual([page.url()]);
        expect(complaints).toEqual([]);

        const badges = await page.locator("article .badge:visible").allTextContents();
        expect(badges.map((text) => text.replace(/^\S+\s+/, ""))).toEqual([
          "backdoored",
          "clean",
          "inconclusive",
          "clean",
          "error",
          "skipped",
        ]);
        expect(await page.locator("#model-1 .reason").isVisible()).toBe(true);
        expect(await page.locator("#model-1 .reason").textContent()).toContain("8.57 times as much");
        expect(await page.title()).toBe("DRMGuard scan report");
        expect(await page.locator("#model-4 h2").textContent()).toBe(HOSTILE);

        const widths = await page
          .locator("img")
          .evaluateAll((pictures) =>
            pictures.map((picture) => (picture as unknown as { naturalWidth: number }).naturalWidth),
          );
        expect(widths).toEqual(Array(3 * 6 * 3).fill(32));
        const curves = await page.locator("#model-1 polyline").evaluateAll((lines) =>
          lines.map((line) => {
            const box = line.getBoundingClientRect();
            return box.width > 100 && box.height > 10;
          }),
        );
        expect(curves).toEqual(Array(4 * 7).fill(true));
        expect(await overflowing(page)).toEqual([]);
      });
    },
  );

  it("uses other colours in the dark and black on white on paper", async () => {
    await withChromium({ javaScriptEnabled: false, offline: true, colorScheme: "dark" }, async (browser) => {
      const { page } = await open(browser, "schemes", reportOf(BACKDOORED));
      const background = () => page.evaluate("getComputedStyle(document.body).backgroundColor");
      const dark = await background();
      await page.emulateMedia({ colorScheme: "light" });
      const light = await background();
      await page.emulateMedia({ colorScheme: "dark", media: "print" });
      expect([dark, light, await background()]).toEqual([
        "rgb(18, 22, 28)",
        "rgb(244, 246, 248)",
        "rgb(255, 255, 255)",
      ]);
    });
  });

  it("runs no script and fetches nothing even when someone adds both to the file", async () => {
    const arrivals: string[] = [];
    const server = createServer((request, response) => {
      arrivals.push(request.url ?? "");
      response.end();
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const added = `<main><img src="${address}/a.png"><link rel="stylesheet" href="${address}/b.css"><script>document.title="owned"</script>`;
    const path = join(folder, "tampered.html");
    await writeReport(path, renderHtml(reportOf(CLEAN)).replace("<main>", added));
    try {
      await withChromium({ javaScriptEnabled: true }, async (browser) => {
        const { page, complaints } = await visit(browser, path);
        expect(await page.locator("main > img").count()).toBe(1);
        expect(await page.title()).toBe("DRMGuard scan report");
        expect(complaints.filter((text) => text.includes("Content Security Policy"))).toHaveLength(3);
      });
      expect(arrivals).toEqual([]);
    } finally {
      server.close();
    }
  });
});

async function visit(browser: BrowserContext, path: string): Promise<Visit> {
  const page = await browser.newPage();
  const seen: Visit = { page, requests: [], complaints: [] };
  page.on("request", (request) => seen.requests.push(request.url()));
  page.on("console", (message) => seen.complaints.push(message.text()));
  page.on("pageerror", (error) => seen.complaints.push(error.message));
  await page.goto(pathToFileURL(path).href, { waitUntil: "load" });
  return seen;
}

/** Elements that reach beyond the page's width, apart from the content of boxes that scroll by themselves. */
async function overflowing(page: Page): Promise<string[]> {
  // As text: these tests are type-checked without the DOM's types.
  return page.evaluate(`(() => {
    const width = document.documentElement.clientWidth;
    const wide = [...document.querySelectorAll("body *")]
      .filter((element) => element.getBoundingClientRect().right > width + 1 && element.closest(".scroll") === null)
      .map((element) => element.tagName + " " + element.getAttribute("class"));
    const whole = document.documentElement.scrollWidth;
    return whole > width ? ["page " + whole, ...wide] : wide;
  })()`);
}
