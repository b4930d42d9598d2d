import createClient, { type Client } from "openapi-fetch";
import { learnServerTime } from "@/shared/now";
import type { Paths } from "./types";

export type Api = Client<Paths>;

/** The API as the browser reaches it: through this server, which adds the session token. */
export const browserApi: Api = createClient<Paths>({ baseUrl: "/api/bff" });

browserApi.use({
  onResponse({ response }) {
    learnServerTime(response.headers.get("Date"), Date.now());
  },
});
