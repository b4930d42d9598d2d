import { HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import { fillsQuery, ordersQuery, positionsQuery } from "@/api/queries";
import { AccountCards } from "@/features/accounts/account-cards";
import { Fills } from "@/features/fills/fills";
import { Journal } from "@/features/journal/journal";
import { RecentOrders } from "@/features/orders/recent-orders";
import { Positions } from "@/features/positions/positions";
import { serverText } from "@/i18n/server";
import { serverApi } from "@/server/api";
import { preloaded } from "@/server/prefetch";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await serverText()).t.pageTitle.overview };
}

export default async function OverviewPage() {
  const { t } = await serverText();
  const api = await serverApi();
  const state = await preloaded((client) => [
    client.fetchInfiniteQuery(ordersQuery(api)),
    client.fetchInfiniteQuery(fillsQuery(api)),
    client.fetchQuery(positionsQuery(api)),
  ]);
  return (
    <HydrationBoundary state={state}>
      <h1 className="sr-only">{t.pageTitle.overview}</h1>
      <div className="space-y-4">
        <AccountCards />
        <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1.5fr)_minmax(0,1fr)]">
          <div className="grid gap-4">
            <RecentOrders />
            <Fills />
          </div>
          <div className="grid gap-4">
            <Positions />
            <Journal />
          </div>
        </div>
      </div>
    </HydrationBoundary>
  );
}
