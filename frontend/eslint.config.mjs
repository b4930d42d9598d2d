import { defineConfig, globalIgnores } from "eslint/config";
import vitals from "eslint-config-next/core-web-vitals";
import typescript from "eslint-config-next/typescript";

const noCrossing = (feature) => ({
  files: [`src/features/${feature}/**`],
  rules: {
    "no-restricted-imports": [
      "error",
      {
        patterns: [
          { regex: `^@/features/(?!${feature}/)`, message: "Features do not reach into each other; the page brings them together." },
          { regex: "^@/app/", message: "app → features → shared: never back up." },
        ],
      },
    ],
  },
});

export default defineConfig([
  ...vitals,
  ...typescript,
  ...["accounts", "backtests", "fills", "halt", "journal", "orders", "positions", "rules"].map(noCrossing),
  {
    files: ["src/shared/**", "src/api/**", "src/i18n/**", "src/live/**"],
    rules: {
      "no-restricted-imports": ["error", { patterns: [{ regex: "^@/(features|app)/", message: "app → features → shared: never back up." }] }],
    },
  },
  {
    rules: {
      "max-lines": ["error", { max: 250, skipBlankLines: true, skipComments: true }],
      "@typescript-eslint/no-explicit-any": "error",
    },
  },
  { files: ["src/api/schema.ts"], rules: { "max-lines": "off" } },
  globalIgnores([".next/**", "next-env.d.ts", "src/api/schema.ts"]),
]);
