import { HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import { backtestsQuery, readyRulesQuery } from "@/api/backtests";
import { rulesQuery } from "@/api/queries";
import { NewBacktest } from "@/features/backtests/new-backtest";
import { Runs } from "@/features/backtests/runs";
import { serverText } from "@/i18n/server";
import { serverApi } from "@/server/api";
import { preloaded } from "@/server/prefetch";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await serverText()).t.pageTitle.backtests };
}

export default async function BacktestsPage({ searchParams }: PageProps<"/backtests">) {
  const { t } = await serverText();
  const { rule } = await searchParams;
  const api = await serverApi();
  const state = await preloaded((client) => [
    client.fetchInfiniteQuery(backtestsQuery(api)),
    client.fetchQuery(rulesQuery(api)),
    client.fetchQuery(readyRulesQuery(api)),
  ]);
  return (
    <HydrationBoundary state={state}>
      <h1 className="sr-only">{t.pageTitle.backtests}</h1>
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1.2fr)_minmax(0,1fr)]">
        <Runs />
        <NewBacktest ruleId={typeof rule === "string" ? rule : ""} />
      </div>
    </HydrationBoundary>
  );
}
