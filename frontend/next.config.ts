import path from "node:path";
import { fileURLToPath } from "node:url";
import type { NextConfig } from "next";

const here = path.dirname(fileURLToPath(import.meta.url));

const securityHeaders = [
  { key: "X-Frame-Options", value: "DENY" },
  { key: "X-Content-Type-Options", value: "nosniff" },
  { key: "Referrer-Policy", value: "same-origin" },
];
const policy = { key: "Content-Security-Policy", value: "frame-ancestors 'none'; base-uri 'self'; form-action 'self'; object-src 'none'" };

const config: NextConfig = {
  output: "standalone",
  // A lock file in a folder above would otherwise move the root, and with it the layout of the standalone build.
  turbopack: { root: here },
  outputFileTracingRoot: here,
  poweredByHeader: false,
  reactStrictMode: true,
  devIndicators: false,
  headers: async () => [
    { source: "/:path*", headers: securityHeaders },
    // What comes from the API has a policy of its own, which this one would stand in the way of.
    { source: "/((?!api/bff/).*)", headers: [policy] },
  ],
};

export default config;
