import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type BrowserContext, type Page } from 'playwright-core';

const CHROMIUM = [process.env.GLPOSE_CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((file) => file && existsSync(file)); // prettier-ignore

const FLAGS = '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync'; // prettier-ignore

/** `describe` that runs only where there is a Chromium, and says so where there is none. */
export function describeInChromium(title: string, body: () => void): void {
  if (CHROMIUM) describe(title, body);
  else describe.skip(`${title} (skipped: no Chromium; set GLPOSE_CHROMIUM)`, body);
}

/** A headless browser with a profile of its own. */
export class Browser {
  /** What the pages said on their consoles, and errors that nobody caught. */
  readonly complaints: string[] = [];

  private constructor(
    private readonly context: BrowserContext,
    private readonly profile: string,
  ) {}

  static async start(): Promise<Browser> {
    const profile = await mkdtemp(path.join(os.tmpdir(), 'glpose-chromium-'));
    const options = { executablePath: CHROMIUM, headless: true, args: FLAGS.split(' ') };
    const context = await chromium.launchPersistentContext(profile, options);
    context.setDefaultTimeout(600_000); // a machine may be busy
    return new Browser(context, profile);
  }

  /** Opens a file and waits until the page is ready. */
  async open(file: string, { hash = '', width = 1280, height = 800 } = {}): Promise<Page> {
    const page = await this.context.newPage();
    await page.setViewportSize({ width, height });
    page.on('console', (message) => this.complaints.push(message.text()));
    page.on('pageerror', (error) => this.complaints.push(error.message));
    page.on('request', (request) => {
      if (!/^(file|blob|data):/.test(request.url())) this.complaints.push(`asked the network for ${request.url()}`);
    });
    await page.goto(`${pathToFileURL(file).href}${hash}`);
    await page.waitForSelector('html[data-ready]');
    return page;
  }

  async close(): Promise<void> {
    await this.context.close();
    await rm(this.profile, { recursive: true, force: true });
  }
}
