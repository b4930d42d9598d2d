import "server-only";
import { dehydrate, QueryClient, type DehydratedState } from "@tanstack/react-query";
import { redirect } from "next/navigation";
import { ApiError } from "@/api/problem";

/** Signed in here, but no longer at the API: the way back is the sign-in page. */
export function mustBeSignedIn(error: unknown): void {
  if (error instanceof ApiError && error.status === 401) redirect("/login?expired=1");
}

type Loading = (client: QueryClient) => Promise<unknown>[];

/**
 * Reads lists on the server, so that the page arrives with its rows. A list that cannot be read is left out: the browser
 * asks for it again, and says what is wrong if it still is.
 */
export async function preloaded(load: Loading): Promise<DehydratedState> {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const results = await Promise.allSettled(load(client));
  for (const result of results) if (result.status === "rejected") mustBeSignedIn(result.reason);
  return dehydrate(client);
}

