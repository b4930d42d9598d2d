import type { Metadata } from "next";
import { OrderPage } from "@/features/orders/detail/order-page";
import { serverText } from "@/i18n/server";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await serverText()).t.pageTitle.orders };
}

export default async function OneOrderPage({ params }: PageProps<"/orders/[id]">) {
  const { id } = await params;
  return <OrderPage id={id} />;
}
