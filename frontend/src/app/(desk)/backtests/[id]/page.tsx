import type { Metadata } from "next";
import { RunPage } from "@/features/backtests/run-page";
import { serverText } from "@/i18n/server";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await serverText()).t.pageTitle.backtests };
}

/** The browser reads the result itself: it may be large, and would otherwise travel twice. */
export default async function BacktestPage({ params }: PageProps<"/backtests/[id]">) {
  const { id } = await params;
  return <RunPage id={id} />;
}
