import "server-only";
import { QueryClient, dehydrate } from "@tanstack/react-query";
import { accountsQuery, journalQuery, meQuery } from "@/api/queries";
import { serverApi } from "./api";
import { mustBeSignedIn } from "./prefetch";

/** What every page's frame needs: who is here, the accounts' names, and where the journal stands. */
export async function readDesk() {
  const api = await serverApi();
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const [me, journal] = await Promise.all([
    client.fetchQuery(meQuery(api)).catch(absent),
    client.fetchQuery(journalQuery(api)).catch(absent),
    client.fetchQuery(accountsQuery(api)).catch(absent),
  ]);
  return { me, start: journal ? (journal.results[0]?.id ?? 0) : null, state: dehydrate(client), renderedAt: Date.now() };
}

function absent(error: unknown): null {
  mustBeSignedIn(error);
  return null;
}
