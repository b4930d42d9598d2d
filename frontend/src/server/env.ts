import "server-only";
import { z } from "zod";

const schema = z.object({
  API_URL: z.url().default("http://127.0.0.1:8000"),
  NEXTAUTH_SECRET: z.string().min(16, "NEXTAUTH_SECRET must be set: at least 16 random characters, the same at every start."),
  NEXTAUTH_URL: z.url().optional(),
});

let known: z.infer<typeof schema> | undefined;

/** Read at the first request, not while building. */
export function env() {
  known ??= schema.parse(process.env);
  return known;
}

export function apiUrl(path: string): string {
  return `${env().API_URL.replace(/\/$/, "")}/api${path}`;
}
