// Signs in to the dashboard in Chromium and waits until one fill's row is on the screen. Run by `./run demo --smoke`.
import { chromium } from "playwright-core";

const need = (name) => {
  const value = process.env[`SMOKE_${name}`];
  if (!value) throw new Error(`SMOKE_${name} must be set.`);
  return value;
};

const web = need("WEB");
const timeout = Number(process.env.SMOKE_TIMEOUT ?? 60) * 1000;
const browser = await chromium.launch({
  executablePath: need("CHROMIUM"),
  // Chromium's own sandbox needs rights that a root user in a container does not have; every page here is our own.
  args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
});

try {
  const page = await browser.newPage({ viewport: { width: 1440, height: 1000 } });
  page.setDefaultTimeout(timeout);
  page.on("pageerror", (error) => console.log(`page error: ${error.message}`));
  await page.goto(`${web}/login`);
  await page.fill('input[name="email"]', need("EMAIL"));
  await page.fill('input[name="password"]', need("PASSWORD"));
  await page.click('[data-testid="sign-in"]');
  await page.waitForURL((url) => !url.pathname.startsWith("/login"));
  await page.locator('[data-testid="account-card"]').first().waitFor();
  try {
    await page.locator(`[data-testid="fill-row"][data-fill-id="${need("FILL")}"]`).first().waitFor();
  } finally {
    if (process.env.SMOKE_SCREENSHOT) await page.screenshot({ path: process.env.SMOKE_SCREENSHOT });
  }
  console.log(JSON.stringify({ ok: true, url: page.url() }));
} finally {
  await browser.close();
}
