/** Names for what the API answers. Everything is read off the generated schema; nothing is described twice. */
import type { components, paths } from "./schema";

type Listed<Path extends keyof paths> = paths[Path] extends {
  get: { responses: { 200: { content: { "application/json": { results: (infer Item)[] } } } } };
}
  ? Item
  : never;

export type Account = Listed<"/api/accounts">;
export type Rule = Listed<"/api/rules">;
export type Order = Listed<"/api/orders">;
export type Fill = Listed<"/api/executions">;
export type Position = Listed<"/api/positions">;
export type Entry = Listed<"/api/logs">;
export type Backtest = Listed<"/api/backtests">;
export type ReadyRule = Listed<"/api/rules/ready">;
export type BacktestDetail = paths["/api/backtests/{id}"]["get"]["responses"][200]["content"]["application/json"];
export type OrderDetail = paths["/api/orders/{id}"]["get"]["responses"][200]["content"]["application/json"];
export type Evidence = paths["/api/orders/{id}/evidence"]["get"]["responses"][200]["content"]["application/json"];
export type Claimable = Evidence["candidates"][number];
export type Look = Evidence["looks"][number];
export type OrderRequest = OrderDetail["requests"][number];
export type Preview = paths["/api/rules:preview"]["post"]["responses"][200]["content"]["application/json"];
/** What is sent to start a replay. */
export type BacktestAsked = components["schemas"]["BacktestInRequest"];
export type Me = paths["/api/me"]["get"]["responses"][200]["content"]["application/json"];

export type Page<Item> = { readonly results: readonly Item[]; readonly next: string | null };

/** The schema's paths as the browser sees them: `/api/orders` is `/orders` below its own server's door. */
export type Paths = { [Key in keyof paths as Key extends `/api${infer Rest}` ? Rest : never]: paths[Key] };
