import { HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import { rulesQuery } from "@/api/queries";
import { Rules } from "@/features/rules/rules";
import { serverText } from "@/i18n/server";
import { serverApi } from "@/server/api";
import { preloaded } from "@/server/prefetch";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await serverText()).t.pageTitle.rules };
}

export default async function RulesPage() {
  const { t } = await serverText();
  const api = await serverApi();
  const state = await preloaded((client) => [client.fetchQuery(rulesQuery(api))]);
  return (
    <HydrationBoundary state={state}>
      <h1 className="sr-only">{t.pageTitle.rules}</h1>
      <Rules />
    </HydrationBoundary>
  );
}
