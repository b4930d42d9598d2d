import "server-only";
import createClient from "openapi-fetch";
import type { Api } from "@/api/client";
import type { Paths } from "@/api/types";
import { apiUrl } from "./env";
import { tokenHere } from "./session";

/** The API as this server reaches it, speaking for the person whose page is being made. */
export async function serverApi(): Promise<Api> {
  const token = await tokenHere();
  return createClient<Paths>({
    baseUrl: apiUrl(""),
    headers: token ? { "X-Session-Token": token } : {},
    cache: "no-store",
    fetch: (request) => fetch(request, { signal: AbortSignal.timeout(8_000) }),
  });
}
