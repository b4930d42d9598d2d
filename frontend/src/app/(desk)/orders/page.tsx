import { HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import { ordersQuery } from "@/api/queries";
import { AllOrders } from "@/features/orders/all-orders";
import { serverText } from "@/i18n/server";
import { serverApi } from "@/server/api";
import { preloaded } from "@/server/prefetch";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await serverText()).t.pageTitle.orders };
}

export default async function OrdersPage() {
  const { t } = await serverText();
  const api = await serverApi();
  const state = await preloaded((client) => [client.fetchInfiniteQuery(ordersQuery(api))]);
  return (
    <HydrationBoundary state={state}>
      <h1 className="sr-only">{t.pageTitle.orders}</h1>
      <AllOrders />
    </HydrationBoundary>
  );
}
